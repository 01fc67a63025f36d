import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { latencyAtMost } from '../../language/expectations.ts'

export const lossyNetwork: Attack = {
  name: 'lossy-network',
  world: 'simulator',
  targets: ['safety', 'liveness'],
  does: 'a network, with no traitor, loses a tenth of all frames, doubles and reorders others, and takes its time',
  source: 'Castro and Liskov, OSDI 1999, section 2: the network may fail, delay, duplicate or reorder',
  expects: 'what was lost is sent again, and everybody is answered meanwhile',
  traitors: nobody,
  behaviour: () => together(),
  inspect: latencyAtMost(5_000),
  simulated: {
    plan: { network: { delayMs: [1, 40], loss: 0.1, duplication: 0.1, reordering: 0.3 } },
  },
}
