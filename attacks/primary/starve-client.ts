import { type Attack, firstPrimary } from '../attack.ts'
import { deafTo } from '../behaviour/behaviour.ts'
import { victimClient } from '../behaviour/mutations.ts'
import { and, fromClient, whilePrimary } from '../behaviour/predicates.ts'
import { latencyAtMost, viewChanges } from '../verdicts.ts'

export const starveClient: Attack = {
  name: 'starve-client',
  targets: ['performance'],
  does: 'as primary orders the requests of everybody but one client',
  source: 'Clement and others, NSDI 2009 (Aardvark), section 4.2',
  expects: "that client's answers take no more than 900 ms: batches that had room for its request tell of it",
  traitors: firstPrimary,
  behaviour: () => deafTo(and(fromClient(victimClient), whilePrimary)),
  judge: viewChanges(1),
  inspect: latencyAtMost(900),
}
