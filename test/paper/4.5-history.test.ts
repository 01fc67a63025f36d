/**
 * Tests the purpose of rules 4.4 to 4.7: histories of one sequence number over several views, with f liars that claim whatever
 * they like, each to somebody else, and primaries among them that choose whatever a backup lets through. TOCS 2002
 * section 4.5.2.
 */
import { expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { ReplicaId, View } from '../../src/base/ids.ts'
import { faultsMax, primaryOf, quorum } from '../../src/base/quorum.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import type { OrderClaim } from '../../src/messages/oral/message.ts'
import { choiceFault, choose, type ViewChangeClaims } from '../../src/pbft/oral/new-view-choice.ts'
import { A, B, C, claim, claimsOf, formFor, NULL } from '../kit/oral-kit.ts'

const DIGESTS = [NULL, A, B, C]
const VIEWS = 6

/** The memory that a correct replica has of the sequence number. */
interface Correct {
  readonly id: number
  prepared: OrderClaim | null
  /** The last f + 2 digests, the latest last. */
  prePrepared: OrderClaim[]
}

interface History {
  readonly n: number
  readonly random: Random
  readonly correct: readonly Correct[]
  readonly liars: readonly number[]
  /** The batches that may have been decided somewhere. */
  readonly decided: Set<string>
}

const PLACE = 1

const saidBy = ({ id, prepared, prePrepared }: Correct): ViewChangeClaims =>
  claimsOf(id, { p: prepared === null ? [] : [prepared], q: prePrepared })

/** Any claims of views below this one. */
function liesOf({ random }: History, liar: number, view: number): ViewChangeClaims {
  const draw = () => claim(PLACE, random.pick(DIGESTS), random.below(view))
  const q = DIGESTS.filter(() => random.chance(0.7)).map((digest) => claim(PLACE, digest, random.below(view)))
  return claimsOf(liar, { p: random.chance(0.7) ? [draw()] : [], q })
}

/** The choices that the backups of a view may be told to order there, each as its own VIEW-CHANGEs let through. */
function choicesOf(history: History, view: number): (replica: Correct) => Uint8Array | null {
  const { n, random, correct, liars } = history
  const draw = () => {
    const all = [...correct.map(saidBy), ...liars.map((liar) => liesOf(history, liar, view))]
    return random.shuffle(all).slice(0, quorum(n) + random.below(faultsMax(n) + 1))
  }
  const form = formFor(n)
  const isPrimaryCorrect = correct.some(({ id }) => id === primaryOf(view as View, n))
  if (!isPrimaryCorrect) {
    return () => {
      const claims = draw()
      const outcome = choose(claims, form, () => random.chance(0.8))
      if (outcome.kind === 'waiting') return null
      const digest = random.pick(DIGESTS)
      const choices = [{ sequence: PLACE as OrderClaim['sequence'], digest }]
      const isLeftOut = choiceFault({ ...outcome, choices: [] }, claims, form) === null
      // What is left out is open for anything.
      return isLeftOut || choiceFault({ ...outcome, choices }, claims, form) === null ? digest : null
    }
  }
  // A correct primary tells all the same; where nothing is chosen it proposes something new.
  const everybody = [...correct.map(saidBy), ...liars.map((liar) => liesOf(history, liar, view))]
  const isHeld = ({ digest }: { readonly digest: Uint8Array }) =>
    correct.some(({ prePrepared }) => prePrepared.some((one) => toHex(one.digest) === toHex(digest)))
  let claims = draw()
  let outcome = choose(claims, form, isHeld)
  if (outcome.kind === 'waiting') {
    // S grows to all correct ones and some liars: then it is enough, or it would wait for ever.
    claims = everybody.filter((_, at) => at < correct.length || random.chance(0.5))
    outcome = choose(claims, form, isHeld)
  }
  expect(outcome.kind).toBe('chosen')
  if (outcome.kind === 'waiting') return () => null
  expect(choiceFault(outcome, claims, form)).toBeNull()
  const fresh = random.pick(DIGESTS)
  const [chosen] = outcome.choices
  return () => chosen?.digest ?? fresh
}

/** Some are told of a choice in time, some prepare it, and if enough did it may be decided. */
function runView(history: History, view: number): void {
  const { n, random, correct, liars, decided } = history
  const told = new Map<Correct, string>()
  const choiceFor = view === 0 ? () => random.pick(DIGESTS) : choicesOf(history, view)
  for (const replica of correct) {
    const digest = random.chance(0.85) ? choiceFor(replica) : null
    if (digest === null) continue
    told.set(replica, toHex(digest))
    const entry = claim(PLACE, digest, view)
    const others = replica.prePrepared.filter((one) => toHex(one.digest) !== toHex(digest))
    replica.prePrepared = [...others, entry].slice(-(faultsMax(n) + 2))
  }
  for (const digest of DIGESTS) {
    const backers = [...told].filter(([, each]) => each === toHex(digest)).map(([replica]) => replica)
    // The liars vote for everything.
    if (backers.length + liars.length < quorum(n)) continue
    const preparing = backers.filter(() => random.chance(0.8))
    for (const replica of preparing) replica.prepared = claim(PLACE, digest, view)
    if (preparing.length + liars.length >= quorum(n)) decided.add(toHex(digest))
  }
}

test.each([4, 7])(
  'PBFT-4.5 PBFT-4.6 PBFT-4.7 n = %i: liars bring about neither a fork nor a standstill',
  (n) => {
    const random = createRandom(40 + n)
    let decisions = 0
    for (let round = 0; round < 500; round++) {
      const ids = random.shuffle(Array.from({ length: n }, (_, id) => id))
      const liars = ids.slice(0, faultsMax(n))
      const correct = ids
        .slice(faultsMax(n))
        .map((id): Correct => ({ id: id as ReplicaId, prepared: null, prePrepared: [] }))
      const history: History = { n, random, correct, liars, decided: new Set() }
      for (let view = 0; view < VIEWS; view++) runView(history, view)
      expect(history.decided.size).toBeLessThanOrEqual(1)
      decisions += history.decided.size
    }
    expect(decisions).toBeGreaterThan(100)
  },
)
