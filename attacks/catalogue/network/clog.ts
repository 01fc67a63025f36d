import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'

export const clog: Attack = {
  name: 'clog',
  world: 'simulator',
  targets: ['liveness'],
  does: 'a network, with no traitor, holds everything to and from the primary back and then lets all of it through',
  source: 'FoundationDB, on testing with a simulated network that clogs',
  expects: 'the view changes, and what comes late changes nothing',
  traitors: nobody,
  behaviour: () => together(),
  judge: viewChanges(1, 2),
  simulated: {
    faults: ({ first, lastsMs }) => clogged(first, { from: 0, to: 0.8 * lastsMs }),
  },
}
