import type { Sequence } from '../../../src/base/ids.ts'
import { quorum } from '../../../src/base/quorum.ts'
import { select } from '../../../src/pbft/views/new-view.ts'
import { type Attack, nextPrimaries } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, refused, viewChanges } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'
import { type Change, equivocate, oneOf, set } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

/** Leaves out the last request that was prepared; where there is none, chooses one that nobody prepared. */
const otherChoice: Change = (content, { state, hash }) => {
  if (content.kind !== 'new-view' && content.kind !== 'oral-new-view') return content
  const { choices } = content
  const below = content.kind === 'new-view' ? state.checkpoints.lowWatermark : content.checkpoint.sequence
  const sequence = (below + 1) as Sequence
  const invented = { sequence, digest: hash(new Uint8Array(1)) }
  return { ...content, choices: choices.length > 0 ? choices.slice(0, -1) : [invented] }
}

/** Chooses by another quorum, where there is one: a NEW-VIEW as good as the first. */
const otherQuorum: Change = (content, place) => {
  if (content.kind === 'oral-new-view') {
    const { cited } = content
    return cited.length === quorum(place.n)
      ? otherChoice(content, place)
      : { ...content, cited: cited.slice(1) }
  }
  if (content.kind !== 'new-view') return content
  const { state, n } = place
  const held = state.views.viewChanges
    .filter((one) => one?.kind === 'view-change')
    .filter(({ view }) => view === content.view)
  if (held.length === quorum(n)) return otherChoice(content, place)
  const viewChanges = held.slice(-quorum(n))
  return { ...content, viewChanges, choices: select(viewChanges, state.nullBatch.digest).choices }
}

/** Leaves out one VIEW-CHANGE, and so has no quorum. */
const tooFew: Change = (content, { n }) => {
  if (content.kind === 'oral-new-view') return { ...content, cited: content.cited.slice(0, quorum(n) - 1) }
  return content.kind === 'new-view' ? { ...content, viewChanges: content.viewChanges.slice(1) } : content
}

export const lossyNewView: Attack = {
  name: 'lossy-new-view',
  world: 'simulator',
  targets: ['safety'],
  does: 'begins its view with a NEW-VIEW that drops a prepared request, or with two valid ones for two groups',
  source: 'Castro and Liskov, OSDI 1999, section 4.4',
  expects: 'every backup recomputes the choices, and ends the view at once',
  traitors: nextPrimaries,
  drawn: 'as primary',
  behaviour: () =>
    onSend(
      isKind('new-view', 'oral-new-view'),
      oneOf(set(otherChoice), set(tooFew), equivocate(set(otherChoice)), equivocate(set(otherQuorum))),
    ),
  judge: all(
    refused('new-view-selects-otherwise', 'new-view-without-quorum'),
    viewChanges(1, ({ f }) => f + 3),
  ),
  simulated: {
    faults: ({ first, lastsMs }) => clogged(first, { from: 0.1 * lastsMs, to: 0.5 * lastsMs }),
  },
}
