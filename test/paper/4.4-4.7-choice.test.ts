/** Rules 4.4 to 4.7 and the faults of 4.9: what a NEW-VIEW without signatures chooses. TOCS 2002 section 4.5.2. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { Sequence } from '../../src/base/ids.ts'
import { faultsMax, quorum, weakQuorum } from '../../src/base/quorum.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import {
  choiceFault,
  choose,
  chooseCheckpoint,
  type ViewChangeClaims,
} from '../../src/pbft/oral/new-view-choice.ts'
import { FEWER_CLUSTER_SIZES } from '../kit/cluster-kit.ts'
import {
  A,
  B,
  C,
  type ClaimsOptions,
  checkpointByText,
  claim,
  claimsOf,
  claimsOfAll,
  formFor,
  held,
  isAllowedByText,
  NULL,
  WINDOW,
} from '../kit/oral-kit.ts'

const FIRST = held(0, new Uint8Array(0))
const K = WINDOW / 2
const always = () => true
/** [s, D] of each choice, or what kept it from being made. */
const chosenBy = (claims: readonly ViewChangeClaims[], n: number, hasBatch = always) => {
  const outcome = choose(claims, formFor(n), hasBatch)
  return outcome.kind === 'chosen' ? outcome.choices.map(short) : outcome.kind
}
const short = ({ sequence, digest }: { readonly sequence: number; readonly digest: Uint8Array }) => [
  sequence,
  toHex(digest),
]
const shortOf = (...choices: readonly (readonly [number, Uint8Array])[]) =>
  choices.map(([sequence, digest]) => [sequence, toHex(digest)])

describe.each(FEWER_CLUSTER_SIZES)('n = %i', (n) => {
  const [q, w, f] = [quorum(n), weakQuorum(n), faultsMax(n)]
  const form = formFor(n)
  const times = (count: number, options: ClaimsOptions = {}) => new Array<ClaimsOptions>(count).fill(options)
  const faultOf = (
    claims: readonly ViewChangeClaims[],
    choices: readonly (readonly [number, Uint8Array])[],
    checkpoint = FIRST,
  ) =>
    choiceFault(
      {
        checkpoint,
        choices: choices.map(([sequence, digest]) => ({ sequence: sequence as Sequence, digest })),
      },
      claims,
      form,
    )

  describe('the checkpoint', () => {
    const at = (sequence: number, root = A): ClaimsOptions => ({
      h: sequence,
      checkpoints: [held(sequence, root)],
    })

    test('PBFT-4.4 it is the highest that W hold, with Q whose h is not above it', () => {
      expect(chooseCheckpoint(claimsOfAll(times(q)), n)).toEqual(FIRST)
      expect(chooseCheckpoint(claimsOfAll([...times(w, at(K)), ...times(q - w)]), n)).toEqual(held(K, A))
      expect(chooseCheckpoint(claimsOfAll([...times(w - 1, at(K)), ...times(q)]), n)).toEqual(FIRST)
    })

    test('PBFT-4.4 PBFT-4.9 the Q with a lower h need not hold it themselves', () => {
      // W hold it; the others are behind. Counting the lower h among its holders only would never end.
      const claims = claimsOfAll([...times(w, at(K)), ...times(q - w)])
      expect(claims.filter(({ checkpoints }) => checkpoints.length > 0)).toHaveLength(w)
      expect(chooseCheckpoint(claims, n)?.sequence).toBe(K)
    })

    test('PBFT-4.4 it is no lower than the h of any but f', () => {
      const claims = claimsOfAll([...times(f, at(2 * K)), ...times(q, at(K))])
      expect(chooseCheckpoint(claims, n)).toEqual(held(K, A))
      // Fewer than Q are left at or below K, and fewer than W are above.
      expect(chooseCheckpoint(claims.slice(0, q), n)).toBeNull()
      expect(chosenBy(claims.slice(0, q), n)).toBe('waiting')
    })

    test('PBFT-4.4 different roots of one s are not counted together', () => {
      const apart = claimsOfAll([...times(w - 1, at(K, A)), at(K, B), ...times(q - 1)])
      expect(chooseCheckpoint(apart, n)).toBeNull()
      const together = claimsOfAll([...times(w - 1, at(K, A)), at(K, A), ...times(q - 1)])
      expect(chooseCheckpoint(together, n)).toEqual(held(K, A))
    })

    test('PBFT-4.7 a backup takes no other checkpoint than the highest', () => {
      const claims = claimsOfAll([...times(w, at(K)), ...times(q - w)])
      expect(faultOf(claims, [], held(K, A))).toBeNull()
      expect(faultOf(claims, [], FIRST)).toBe('new-view-selects-otherwise')
      expect(faultOf(claims, [], held(K, B))).toBe('new-view-selects-otherwise')
      expect(faultOf(claims, [], held(2 * K, A))).toBe('new-view-selects-otherwise')
    })
  })

  describe('each sequence number', () => {
    const saying = (...said: readonly ClaimsOptions[]) => claimsOfAll([...said, ...times(q - said.length)])
    const both = (digest: Uint8Array, view = 0, sequence = 1): ClaimsOptions => ({
      p: [claim(sequence, digest, view)],
    })

    test('PBFT-4.5 nothing prepared: nothing is chosen', () => {
      expect(chosenBy(saying(), n)).toEqual([])
    })

    test('PBFT-4.5 what Q prepared in the latest view is chosen', () => {
      expect(chosenBy(claimsOfAll([...times(q - 1, both(A, 2)), both(B, 1)]), n)).toEqual(shortOf([1, A]))
    })

    test('PBFT-4.5 A1: an entry of a later view, or another of the same view, is no part of the Q', () => {
      for (const other of [both(B, 1), both(B, 0), both(A, 1)]) {
        const claims = claimsOfAll([...times(q - 1, both(A)), { ...other, q: [] }])
        expect(chosenBy(claims, n)).toBe('waiting')
        // Another correct one makes it Q.
        expect(chosenBy([...claims, claimsOf(q, both(A))], n)).toEqual(shortOf([1, A]))
      }
    })

    test('PBFT-4.5 A1: only those with h < s are part of the Q', () => {
      const above: ClaimsOptions = { h: K, checkpoints: [held(K, A)] }
      const claims = claimsOfAll([...times(q - 1, both(A)), above])
      expect(chosenBy(claims, n)).toBe('waiting')
      expect(chosenBy([...claims, claimsOf(q, both(A))], n)).toEqual(shortOf([1, A]))
    })

    test('PBFT-4.5 PBFT-4.6 A2: what fewer than W pre-prepared is not chosen, whatever view it claims', () => {
      // f liars claim a high view, and to have pre-prepared it; Q others prepared another batch.
      const liars = times(f, both(C, 1_000))
      const claims = claimsOfAll([...liars, ...times(q, both(A, 1))])
      expect(chosenBy(claims, n)).toEqual(shortOf([1, A]))
      expect(faultOf(claims, [[1, C]])).toBe('new-view-selects-otherwise')
      // With nothing prepared elsewhere it is null, and null at the end is left out.
      const alone = claimsOfAll([...liars, ...times(q)])
      expect(chosenBy(alone, n)).toEqual([])
      expect(faultOf(alone, [[1, C]])).toBe('new-view-selects-otherwise')
    })

    test('PBFT-4.5 A2: pre-prepared in that view or a later one, not in an earlier one', () => {
      const said = (view: number): ClaimsOptions => ({ q: [claim(1, A, view)] })
      const prepared: ClaimsOptions = { p: [claim(1, A, 2)], q: [claim(1, A, 2)] }
      const made = (view: number) => [prepared, ...times(w - 1, said(view)), ...times(q - w)]
      expect(faultOf(claimsOfAll(made(2)), [[1, A]])).toBeNull()
      expect(faultOf(claimsOfAll(made(3)), [[1, A]])).toBeNull()
      expect(faultOf(claimsOfAll(made(1)), [[1, A]])).toBe('new-view-selects-otherwise')
    })

    test('PBFT-4.5 A3: a batch that is not here is waited for, unless B holds', () => {
      const claims = claimsOfAll(times(q, both(A)))
      const outcome = choose(claims, form, () => false)
      expect(outcome.kind === 'waiting' ? outcome.lacking.map(short) : outcome.kind).toEqual(shortOf([1, A]))
      const silent = claimsOfAll([...times(f, both(A)), ...times(q, { q: [claim(1, A)] })])
      expect(chosenBy(silent, n)).toEqual(shortOf([1, A]))
      expect(chosenBy(silent, n, () => false)).toEqual([])
      // Both are right for a backup, which does not know what its primary holds. // PBFT-4.7
      expect(faultOf(silent, [[1, A]])).toBeNull()
      expect(faultOf(silent, [[1, NULL]])).toBeNull()
      expect(faultOf(silent, [])).toBeNull()
    })

    test('PBFT-4.5 PBFT-4.9 B: only those with h < s claim that nothing prepared', () => {
      const above: ClaimsOptions = { h: K, checkpoints: [held(K, A)] }
      // The checkpoint is the first state: fewer than W hold the later one.
      const claims = claimsOfAll([...times(f, above), both(A), ...times(q - 1)])
      expect(chooseCheckpoint(claims, n)).toEqual(FIRST)
      // Q - 1 are silent with h = 0; f more are silent because their h is above.
      expect(chosenBy(claims, n)).toBe('waiting')
      expect(faultOf(claims, [])).toBe('new-view-selects-otherwise')
      expect(faultOf(claims, [[1, NULL]])).toBe('new-view-selects-otherwise')
    })

    test('PBFT-4.5 null between two that are chosen, and none behind the last', () => {
      const prepared: ClaimsOptions = { p: [claim(1, A), claim(3, B)] }
      const liar: ClaimsOptions = { p: [claim(1, A), claim(3, B), claim(WINDOW, C, 7)] }
      const claims = claimsOfAll([...times(q, prepared), liar])
      const expected = [
        [1, A],
        [2, NULL],
        [3, B],
      ] as const
      expect(chosenBy(claims, n)).toEqual(shortOf(...expected))
      expect(faultOf(claims, expected)).toBeNull()
    })

    test('PBFT-4.5 a null batch that was prepared is chosen like any other', () => {
      expect(chosenBy(claimsOfAll(times(q, both(NULL, 2))), n)).toEqual(shortOf([1, NULL]))
    })

    test('PBFT-4.5 S grows: what waited for one more VIEW-CHANGE is chosen with it', () => {
      const claims = claimsOfAll([...times(w, both(A)), ...times(q - w)])
      expect(chosenBy(claims, n)).toEqual(shortOf([1, A]))
      const split = claimsOfAll([both(A), ...times(q - 1)])
      expect(chosenBy(split, n)).toBe('waiting')
      expect(chosenBy([...split, claimsOf(q)], n)).toEqual([])
      const rest = Array.from({ length: f }, (_, at) => claimsOf(q + at, both(A)))
      expect(chosenBy([...split, ...rest], n)).toEqual(shortOf([1, A]))
    })

    test('PBFT-4.9 an entry of P for another s is no reason against this one', () => {
      // A loop over P that ignores s would see B in a later view everywhere.
      const claims = claimsOfAll(times(q, { p: [claim(1, A, 0), claim(2, B, 5)] }))
      expect(chosenBy(claims, n)).toEqual(shortOf([1, A], [2, B]))
    })

    test('PBFT-4.9 A2 counts senders, not entries', () => {
      const entries = Array.from({ length: w }, (_, view) => claim(1, A, view + 1))
      const liar: ClaimsOptions = { p: [claim(1, A, 1)], q: entries }
      const claims = claimsOfAll([liar, ...times(q - 1)])
      expect(chosenBy(claims, n)).toBe('waiting')
      expect(faultOf(claims, [[1, A]])).toBe('new-view-selects-otherwise')
    })

    test('PBFT-4.9 V with repeated senders, or fewer than Q, is refused', () => {
      const claims = claimsOfAll(times(q, both(A)))
      expect(faultOf(claims, [[1, A]])).toBeNull()
      expect(faultOf(claims.slice(1), [[1, A]])).toBe('new-view-without-quorum')
      expect(faultOf([...claims.slice(1), ...claims.slice(1, 2)], [[1, A]])).toBe('new-view-without-quorum')
      expect(faultOf([...claims, ...claims.slice(0, 1)], [[1, A]])).toBe('new-view-without-quorum')
    })

    test('PBFT-4.7 other choices, others in between, too few and too many are refused', () => {
      const claims = claimsOfAll(times(q, { p: [claim(1, A), claim(2, B)] }))
      const good = [
        [1, A],
        [2, B],
      ] as const
      expect(faultOf(claims, good)).toBeNull()
      const bad: (readonly (readonly [number, Uint8Array])[])[] = [
        [],
        [[1, A]],
        [[2, B]],
        [
          [1, B],
          [2, A],
        ],
        [
          [1, NULL],
          [2, B],
        ],
        [
          [2, B],
          [1, A],
        ],
        [...good, [3, NULL]],
        [...good, [3, C]],
      ]
      for (const choices of bad) expect(faultOf(claims, choices)).toBe('new-view-selects-otherwise')
    })
  })
})

describe('against the rules once more', () => {
  const DIGESTS = [NULL, A, B]

  /** Correct and lying ones alike: anything that rule 4.2 lets through. */
  const drawClaims = (random: Random, sender: number): ViewChangeClaims => {
    const h = random.chance(0.3) ? K : 0
    const p = [1, K + 1, K + 2]
      .filter((sequence) => sequence > h && random.chance(0.5))
      .map((sequence) => claim(sequence, random.pick(DIGESTS), random.below(3)))
    const q = [1, K + 1, K + 2].flatMap((sequence) =>
      DIGESTS.filter(() => sequence > h && random.chance(0.5)).map((digest) =>
        claim(sequence, digest, random.below(3)),
      ),
    )
    const checkpoints = h > 0 || random.chance(0.5) ? [held(K, random.chance(0.8) ? A : B)] : []
    return claimsOf(sender, { h, checkpoints, p, q })
  }

  test.each([4, 7])(
    'PBFT-4.4 PBFT-4.5 PBFT-4.7 n = %i: the choice from random claims is that of the rule',
    (n) => {
      const random = createRandom(n)
      const seen = { chosen: 0, waiting: 0, batches: 0, nulls: 0 }
      for (let round = 0; round < 700; round++) {
        const size = quorum(n) + random.below(faultsMax(n) + 1)
        const senders = random.shuffle(Array.from({ length: n }, (_, sender) => sender)).slice(0, size)
        const claims = senders.map((sender) => drawClaims(random, sender))
        const lacked = random.chance(0.3) ? A : null
        const checkpoint = chooseCheckpoint(claims, n)
        const said = checkpoint === null ? null : `${checkpoint.sequence} ${toHex(checkpoint.root)}`
        expect(said).toBe(checkpointByText(claims, n))
        if (checkpoint === null) continue

        const outcome = choose(claims, formFor(n), ({ digest }) => digest !== lacked)
        seen[outcome.kind]++
        // At each place: what may be chosen, and what may be chosen by this primary.
        const last = Math.min(
          checkpoint.sequence + WINDOW,
          Math.max(
            checkpoint.sequence,
            ...claims.flatMap(({ preparedClaims }) => preparedClaims.map((p) => p.sequence)),
          ),
        )
        const places = Array.from(
          { length: last - checkpoint.sequence },
          (_, at) => checkpoint.sequence + 1 + at,
        )
        const allowed = places.map((sequence) =>
          DIGESTS.filter((digest) => {
            const { byA, byB } = isAllowedByText(claims, n, { sequence, digest })
            return byA || byB
          }),
        )
        const possible = places.map((sequence) =>
          DIGESTS.some((digest) => {
            const { byA, byB } = isAllowedByText(claims, n, { sequence, digest })
            return byB || (byA && digest !== lacked)
          }),
        )
        expect(outcome.kind).toBe(possible.every((each) => each) ? 'chosen' : 'waiting')
        if (outcome.kind !== 'chosen') continue
        expect(choiceFault(outcome, claims, formFor(n))).toBeNull()
        for (const [at, { sequence, digest }] of outcome.choices.entries()) {
          expect(sequence).toBe(places[at])
          expect(allowed[at]?.map(toHex)).toContain(toHex(digest))
          expect(digest).not.toBe(lacked)
          seen[digest === NULL ? 'nulls' : 'batches']++
        }
        // Any other choice at one place is accepted exactly where the text allows it.
        for (const [at, choice] of outcome.choices.entries()) {
          for (const digest of DIGESTS) {
            const choices = outcome.choices.with(at, { ...choice, digest })
            const fault = choiceFault({ checkpoint, choices }, claims, formFor(n))
            expect(fault === null).toBe(allowed[at]?.includes(digest))
          }
        }
        // What is left out is null by B.
        for (const sequence of places.slice(outcome.choices.length)) {
          expect(isAllowedByText(claims, n, { sequence, digest: NULL }).byB).toBe(true)
        }
      }
      // The draw reaches all of it.
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
    },
  )
})
