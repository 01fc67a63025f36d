import type { ReplicaId } from '../../../src/base/ids.ts'
import { faultsMax } from '../../../src/base/quorum.ts'
import type { Fault } from '../../../src/simulator/plan/plan.ts'
import { type Attack, type AttackContext, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { clogged, crashed, paused, slowed } from '../../language/faults.ts'
import { also, forNothing, set } from '../../language/mutations.ts'
import { and, isVote, withProbability } from '../../language/predicates.ts'

const ROUNDS = 6

/** One correct replica after the other crashes, falls silent, stands still or has a slow disk. */
function moving({ correct, random, lastsMs }: AttackContext): readonly Fault[] {
  const roundMs = lastsMs / ROUNDS
  return Array.from({ length: ROUNDS }, (_, round) => {
    const victim = correct[round % correct.length] as ReplicaId
    const strike = random.pick([crashed, crashed, clogged, paused, slowed])
    return strike(victim, { from: round * roundMs, to: (round + 0.7) * roundMs })
  }).flat()
}

export const movingFaults: Attack = {
  name: 'moving',
  world: 'simulator',
  targets: ['safety', 'liveness'],
  does: 'crashes, silence and slowness move from one replica to the next, beside f - 1 traitors that vote twice',
  source: 'Castro and Liskov, TOCS 2002, section 1: faults that come and go',
  expects: 'never more than f faulty at once, so the invariants hold',
  // A replica that signed as a traitor stays one, so f - 1 places are taken and one fault is left to move.
  traitors: (n) => lastBackups(n).slice(0, faultsMax(n) - 1),
  behaviour: () => onSend(and(isVote, withProbability(0.3)), also(set(forNothing))),
  simulated: { faults: moving },
}
