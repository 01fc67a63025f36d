import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { latencyAtMost } from '../../language/expectations.ts'

export const lossyNetwork: Attack = {
  name: 'lossy-network',
  world: 'simulator',
  targets: ['safety', 'liveness'],
  does: 'no traitor: the network loses a tenth of all frames, duplicates, reorders and delays others',
  source: 'Castro and Liskov, OSDI 1999, section 2: the network may fail, delay, duplicate or reorder',
  expects: 'lost messages are sent again, and all clients are answered meanwhile',
  traitors: nobody,
  behaviour: () => together(),
  inspect: latencyAtMost(5_000),
  simulated: {
    plan: { network: { delayMs: [1, 40], loss: 0.1, duplication: 0.1, reordering: 0.3 } },
  },
}
