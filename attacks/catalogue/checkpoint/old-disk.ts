import type { ReplicaId } from '../../../src/base/ids.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { holds } from '../../language/expectations.ts'
import { crashed } from '../../language/faults.ts'

export const oldDisk: Attack = {
  name: 'old-disk',
  world: 'simulator',
  targets: ['safety'],
  does: 'a correct replica starts with damaged pages, and later another one with a damaged or empty log',
  source: 'Castro and Liskov, OSDI 1999, section 4.1 takes for granted that a log is never lost',
  expects: 'it says so, does not vote where it may have forgotten a vote, and rejoins once that is history',
  traitors: nobody,
  behaviour: () => together(),
  inspect: holds(
    ({ healed }) => healed >= 1,
    () => 'no replica says that it was healed',
  ),
  simulated: {
    faults: ({ correct, random, lastsMs }) => {
      const [one, other] = random.shuffle(correct) as [ReplicaId, ReplicaId]
      return [
        { kind: 'rot-pages', replica: one, share: random.pick([0.1, 1]), atMs: 0.1 * lastsMs },
        ...crashed(one, { from: 0.1 * lastsMs, to: 0.12 * lastsMs }),
        { kind: random.pick(['lose-disk', 'rot-log'] as const), replica: other, atMs: 0.3 * lastsMs },
        { kind: 'restart', replica: other, atMs: 0.32 * lastsMs },
      ]
    },
  },
}
