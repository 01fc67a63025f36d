import type { Sequence, View } from '../../../src/base/ids.ts'
import type { OralViewChangeContent, OrderClaim } from '../../../src/messages/oral/message.ts'
import type { AdversaryContext } from '../../language/adversary-context.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { type Behaviour, onSend } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'
import { type Change, precededBy, set } from '../../language/mutations.ts'
import { and, isKind, or, perhaps, toSome } from '../../language/predicates.ts'

/** The most by which it claims something above h. */
const CLAIMED_MAX = 6

/** A claim for each of some sequence numbers above h: of a made-up digest, or one that it knows, in a view below. */
function madeUp(
  { view, lowWatermark, prePrepareClaims }: OralViewChangeContent,
  { random, hash }: AdversaryContext,
): readonly OrderClaim[] {
  const known = prePrepareClaims.map(({ digest }) => digest)
  const claims: OrderClaim[] = []
  for (let above = 1; above <= CLAIMED_MAX; above++) {
    if (random.chance(0.4)) continue
    const isKnown = known.length > 0 && random.chance(0.5)
    const digest = isKnown ? random.pick(known) : hash(Uint8Array.of(random.below(256)))
    const late = random.chance(0.6) ? view - 1 : random.below(view)
    claims.push({ sequence: (lowWatermark + above) as Sequence, view: late as View, digest })
  }
  return claims
}

const preparedNothingSuch: Change = (content, place) => {
  if (content.kind !== 'oral-view-change') return content
  const claims = madeUp(content, place)
  return { ...content, preparedClaims: claims, prePrepareClaims: claims }
}

const prePreparedNothingSuch: Change = (content, place) =>
  content.kind === 'oral-view-change' ? { ...content, prePrepareClaims: madeUp(content, place) } : content

/** Says something else when it leaves a view, to some replicas or to all, and the truth behind it. */
const leavingWith = (change: Change) => (): Behaviour =>
  onSend(and(isKind('oral-view-change'), or(perhaps(0.5), toSome())), precededBy(set(change)))

const aboutClaims = {
  world: 'simulator',
  targets: ['safety'],
  source: 'Castro and Liskov, TOCS 2002, section 4.5: a claim needs f + 1 that pre-prepared the same',
  mode: 'oral',
  traitors: lastBackups,
  drawn: 'anywhere',
  judge: viewChanges(1, 2),
  simulated: {
    faults: ({ first, lastsMs }) => clogged(first, { from: 0.1 * lastsMs, to: 0.6 * lastsMs }),
  },
} satisfies Partial<Attack>

export const falsePreparedClaims: Attack = {
  ...aboutClaims,
  name: 'false-prepared-claims',
  does: 'claims to have prepared batches of the last view that were never proposed, or that the others did not prepare',
  expects: 'no NEW-VIEW chooses what only it claims, and a view begins',
  behaviour: leavingWith(preparedNothingSuch),
}

export const falsePrePrepareClaims: Attack = {
  ...aboutClaims,
  name: 'false-pre-prepare-claims',
  does: 'claims to have pre-prepared what it did not, and conceals what it did',
  expects: 'alone it confirms nothing, and a view begins',
  behaviour: leavingWith(prePreparedNothingSuch),
}
