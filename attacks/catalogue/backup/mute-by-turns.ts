import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import type { When } from '../../language/predicates.ts'

/** Every second period of so many ticks, drawn once. */
function everySecondPeriod(least: number, most: number): When {
  let period: number | null = null
  return (_, { random, ticks }) => {
    period ??= random.between(least, most)
    return Math.floor(ticks / period) % 2 === 0
  }
}

export const muteByTurns: Attack = {
  name: 'mute-by-turns',
  world: 'both',
  targets: ['performance', 'liveness'],
  does: 'alternates between silence and honesty',
  source: 'detectors that forgive what a replica did before',
  expects: 'no view change while it is a backup',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(everySecondPeriod(5, 80), drop),
  judge: noViewChange,
}
