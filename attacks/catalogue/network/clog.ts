import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'

export const clog: Attack = {
  name: 'clog',
  world: 'simulator',
  targets: ['liveness'],
  does: 'no traitor: the network holds back everything to and from the primary, then delivers all of it',
  source: 'FoundationDB, on testing with a simulated network that clogs',
  expects: 'the view changes, and late messages change nothing',
  traitors: nobody,
  behaviour: () => together(),
  judge: viewChanges(1, 2),
  simulated: {
    faults: ({ first, lastsMs }) => clogged(first, { from: 0, to: 0.8 * lastsMs }),
  },
}
