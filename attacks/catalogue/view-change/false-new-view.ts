import type { Sequence } from '../../../src/base/ids.ts'
import { type Attack, nextPrimaries } from '../../language/attack.ts'
import { type Behaviour, onSend, together } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'
import { type Change, drop, precededBy, set } from '../../language/mutations.ts'
import { and, inView, isKind, or, perhaps, toSome } from '../../language/predicates.ts'

const unknownViewChanges: Change = (content, { random, hash }) => {
  if (content.kind !== 'oral-new-view') return content
  const cited = content.cited.map((one) => (random.chance(0.5) ? one : { ...one, digest: hash(one.digest) }))
  return { ...content, cited }
}

const otherChoices: Change = (content, { random, hash }) => {
  if (content.kind !== 'oral-new-view') return content
  const { choices, checkpoint } = content
  if (choices.length > 0 && random.chance(0.4)) return { ...content, choices: choices.slice(0, -1) }
  const invented = choices.map((choice) =>
    random.chance(0.6) ? choice : { ...choice, digest: hash(Uint8Array.of(random.below(256))) },
  )
  const next = { sequence: (checkpoint.sequence + choices.length + 1) as Sequence, digest: hash() }
  return { ...content, choices: random.chance(0.3) ? [...invented, next] : invented }
}

/** Lies in its NEW-VIEW, to some replicas or to all, with the truth behind it. */
const beginningWith = (change: Change) => (): Behaviour =>
  together(
    // It leaves the first view too, or would hardly be primary of one that needs a NEW-VIEW.
    onSend(and(isKind('pre-prepare'), inView(0), perhaps(0.5)), drop),
    onSend(and(isKind('oral-new-view'), or(perhaps(0.5), toSome())), precededBy(set(change))),
  )

const aboutNewViews = {
  world: 'simulator',
  targets: ['safety', 'liveness'],
  source: 'Castro and Liskov, TOCS 2002, section 4.5',
  mode: 'oral',
  traitors: nextPrimaries,
  drawn: 'as primary',
  // The first primary is clogged, and each of its f successors may lie until its view ends.
  judge: viewChanges(1, ({ f }) => f + 1),
  simulated: {
    faults: ({ first, lastsMs }) => clogged(first, { from: 0.1 * lastsMs, to: 0.6 * lastsMs }),
  },
} satisfies Partial<Attack>

export const unfetchableNewView: Attack = {
  ...aboutNewViews,
  name: 'unfetchable-new-view',
  does: 'begins its view with VIEW-CHANGEs that no replica can supply',
  expects: 'the others wait no longer than for a silent primary, and the next view begins',
  behaviour: beginningWith(unknownViewChanges),
}

export const falseChoices: Attack = {
  ...aboutNewViews,
  name: 'false-choices',
  does: 'begins its view with too few batches, null batches, or batches that were never proposed',
  expects: 'every backup recomputes the choices, and ends the view',
  behaviour: beginningWith(otherChoices),
}
