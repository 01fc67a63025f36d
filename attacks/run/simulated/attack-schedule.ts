/** The context from which an attack's environment chooses its faults. */
import { type ReplicaId, replicaIds } from '../../../src/base/ids.ts'
import { faultsMax } from '../../../src/base/quorum.ts'
import { createRandom } from '../../../src/base/random.ts'
import type { AttackContext } from '../../language/attack.ts'

export interface ContextSetting {
  readonly n: number
  readonly seed: number
  readonly lastsMs: number
  readonly traitors: readonly ReplicaId[]
}

export function attackContextOf({ n, seed, lastsMs, traitors }: ContextSetting): AttackContext {
  const correct = replicaIds(n).filter((id) => !traitors.includes(id))
  return {
    n,
    f: faultsMax(n),
    traitors,
    correct,
    first: correct[0] as ReplicaId,
    next: correct[1] as ReplicaId,
    last: correct.at(-1) as ReplicaId,
    random: createRandom(seed).fork(),
    lastsMs,
  }
}
