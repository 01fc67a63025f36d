import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { holds } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'

export const crashMidViewChange: Attack = {
  name: 'crash-mid-view-change',
  world: 'simulator',
  targets: ['safety', 'liveness'],
  does: 'the next primary, which is correct, loses power during the view change and restarts',
  source: 'Castro and Liskov, OSDI 1999, section 4.4: what was prepared survives',
  expects: 'it repeats what its log holds, byte for byte, and a view begins',
  traitors: nobody,
  behaviour: () => together(),
  inspect: holds(
    ({ viewChanges, restarts }) => viewChanges >= 1 && restarts >= 1,
    ({ viewChanges, restarts }) => `there were ${viewChanges} view changes and ${restarts} restarts`,
  ),
  simulated: {
    faults: ({ first, next, random, lastsMs }) => [
      ...clogged(first, { from: 0.1 * lastsMs, to: 0.8 * lastsMs }),
      {
        kind: 'crash-within',
        replica: next,
        point: random.pick(['append', 'sync'] as const),
        after: random.below(3),
        losesSent: random.chance(0.5),
        atMs: 0.1 * lastsMs + 40,
      },
      { kind: 'restart', replica: next, atMs: 0.5 * lastsMs },
      { kind: 'restart', replica: next, atMs: 0.8 * lastsMs },
    ],
  },
}
