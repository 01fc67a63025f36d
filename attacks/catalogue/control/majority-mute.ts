import { type Attack, oneTooMany } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { drop } from '../../language/mutations.ts'
import { until } from '../../language/predicates.ts'

/** Ticks into the attack at which the traitors send again. */
const BACK_AFTER_TICKS = 120

export const majorityMute: Attack = {
  name: 'majority-mute',
  world: 'both',
  targets: ['liveness'],
  does: 'f + 1 traitors, the primary among them, are silent for a while',
  source: 'Castro and Liskov, OSDI 1999, section 3: 2f + 1 replicas have to answer',
  expects:
    'nothing is ordered while they are silent, nothing is ordered wrongly, and service resumes when they return',
  traitors: oneTooMany,
  behaviour: () => onSend(until(BACK_AFTER_TICKS), drop),
  control: { breaks: 'progress' },
}
