import { type Attack, firstPrimary } from '../../language/attack.ts'
import { deafTo } from '../../language/behaviour.ts'
import { latencyAtMost, viewChanges } from '../../language/expectations.ts'
import { victimClient } from '../../language/mutations.ts'
import { and, fromClient, whilePrimary } from '../../language/predicates.ts'

export const starveClient: Attack = {
  name: 'starve-client',
  world: 'both',
  targets: ['performance'],
  does: "as primary orders every client's requests except one client's",
  source: 'Clement and others, NSDI 2009 (Aardvark), section 4.2',
  expects:
    'that client is answered within 900 ms: batches that had room for its request give the primary away',
  traitors: firstPrimary,
  drawn: 'as primary',
  environment: { untilViewChanges: 1 },
  behaviour: () => deafTo(and(fromClient(victimClient), whilePrimary)),
  judge: viewChanges(1),
  inspect: latencyAtMost(900),
}
