import { type Attack, lastBackups } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { also, impersonate as inAnotherName } from '../behaviour/mutations.ts'
import { and, isProtocol, toReplicas } from '../behaviour/predicates.ts'
import { all, noViewChange, refused } from '../verdicts.ts'

export const impersonate: Attack = {
  name: 'impersonate',
  targets: ['safety'],
  does: 'as backup says everything once more in the name of a correct replica',
  source: 'Castro and Liskov, OSDI 1999, section 2',
  expects: 'refused, and blamed on whose link it came over',
  traitors: lastBackups,
  behaviour: () => onSend(and(isProtocol, toReplicas), also(inAnotherName())),
  judge: all(refused('sender-is-not-the-signer'), noViewChange),
}
