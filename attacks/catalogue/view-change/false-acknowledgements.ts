import { toReplica } from '../../language/adversary-context.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'
import { type Action, contentOf, flipped, pass } from '../../language/mutations.ts'
import { and, isKind, withProbability } from '../../language/predicates.ts'

/** In the place of an acknowledgement, one of another VIEW-CHANGE to everybody. */
const acknowledgeAnother: Action = (intercepted, place) => {
  const content = intercepted.message === null ? null : contentOf(intercepted.message, place)
  if (content?.kind !== 'view-change-ack') return pass(intercepted, place)
  const frame = place.seal({ ...content, digest: flipped(content.digest) })
  return place.others.map((id) => ({ to: toReplica(id), frame }))
}

export const falseAcknowledgements: Attack = {
  name: 'false-acknowledgements',
  world: 'simulator',
  targets: ['safety', 'liveness'],
  does: 'acknowledges VIEW-CHANGEs that were never sent, and seldom those that were',
  source: 'Castro and Liskov, TOCS 2002, section 4.5: an acknowledgement counts only with 2f - 1 others',
  expects: 'no replica accepts what only it vouches for, and a view begins',
  mode: 'oral',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(and(isKind('view-change-ack'), withProbability(0.8)), acknowledgeAnother),
  judge: viewChanges(1, 2),
  simulated: {
    faults: ({ first, lastsMs }) => clogged(first, { from: 0.1 * lastsMs, to: 0.6 * lastsMs }),
  },
}
