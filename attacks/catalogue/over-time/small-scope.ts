import { type ReplicaId, replicaIds } from '../../../src/base/ids.ts'
import type { Fault } from '../../../src/simulator/plan/plan.ts'
import { type Attack, type AttackContext, primaryAndBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { lossy } from '../../language/faults.ts'
import { drop, oneOf, replay, shift } from '../../language/mutations.ts'
import { and, isProtocol, withProbability } from '../../language/predicates.ts'

const ROUNDS = 4
const ROUND_MS = 150
const CUTS_PER_ROUND = 3

/** In each round some links lose what is sent over them, in one direction. */
function cuts({ n, random, lastsMs }: AttackContext): readonly Fault[] {
  return Array.from({ length: ROUNDS }, (_, round) => (round * lastsMs) / ROUNDS).flatMap((atMs) =>
    Array.from({ length: CUTS_PER_ROUND }, () => {
      const [from, to] = random.shuffle(replicaIds(n)) as [ReplicaId, ReplicaId]
      return lossy({ from, to }, { from: atMs, to: atMs + ROUND_MS })
    }).flat(),
  )
}

export const smallScope: Attack = {
  name: 'small-scope',
  world: 'simulator',
  targets: ['safety', 'liveness'],
  does: 'sends some receivers a number one higher or lower, or an old message, while a few links lose messages',
  source: 'Winter and others, OOPSLA 2023 (ByzzFuzz): few and small faults find most mistakes',
  expects: 'the invariants hold',
  traitors: primaryAndBackups,
  drawn: 'anywhere',
  behaviour: () =>
    onSend(
      and(isProtocol, withProbability(0.1)),
      oneOf(shift('sequence', 1), shift('sequence', -1), shift('view', 1), shift('view', -1), replay(), drop),
    ),
  simulated: { faults: cuts },
}
