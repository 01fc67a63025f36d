import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, noViewChange, refused } from '../../language/expectations.ts'
import { also, impersonate as inAnotherName } from '../../language/mutations.ts'
import { and, isProtocol, toReplicas } from '../../language/predicates.ts'

export const impersonate: Attack = {
  name: 'impersonate',
  world: 'both',
  targets: ['safety'],
  does: 'as backup repeats each of its messages in the name of a correct replica',
  source: 'Castro and Liskov, OSDI 1999, section 2',
  expects: 'refused, and blamed on the replica whose link it came over',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(and(isProtocol, toReplicas), also(inAnotherName())),
  judge: all(refused('sender-is-not-the-signer'), noViewChange),
}
