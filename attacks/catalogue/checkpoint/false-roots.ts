import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, evidence, noViewChange } from '../../language/expectations.ts'
import { type Change, flipped, forNothing, precededBy, set } from '../../language/mutations.ts'
import { and, isKind, toSome } from '../../language/predicates.ts'

const otherRoots: Change = (content, place) => {
  if (content.kind !== 'oral-view-change') return forNothing(content, place)
  const checkpoints = content.checkpoints.map(({ sequence, root }) => ({ sequence, root: flipped(root) }))
  return { ...content, checkpoints }
}

export const falseRoots: Attack = {
  name: 'false-roots',
  world: 'both',
  targets: ['safety'],
  does: 'announces different checkpoint roots to some replicas, in CHECKPOINTs and in VIEW-CHANGEs',
  source: 'Castro and Liskov, OSDI 1999, section 4.3',
  expects: 'checkpoints become stable with the right root; where they are signed, both are kept as evidence',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    onSend(and(isKind('checkpoint', 'oral-view-change'), toSome()), precededBy(set(otherRoots))),
  judge: all(evidence, noViewChange),
}
