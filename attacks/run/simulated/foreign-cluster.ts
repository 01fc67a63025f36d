/**
 * Another cluster with the same keys, made from the plan of an attack with another checkpoint interval, which gives it
 * a different id. It runs for a while without a fault, and every frame that one replica receives is recorded.
 */
import { toReplicaId } from '../../../src/base/ids.ts'
import { createRandom } from '../../../src/base/random.ts'
import { type Plan, withoutFaults } from '../../../src/simulator/plan/plan.ts'
import { simulate } from '../../../src/simulator/runs/simulate.ts'
import { corrupt } from '../../language/adversary.ts'
import { onReceive } from '../../language/behaviour.ts'
import { always } from '../../language/predicates.ts'

const LASTS_MS = 300
const REQUESTS_PER_CLIENT = 10
const FRAMES_MAX = 400
const LISTENER = toReplicaId(1)

/** Returns the recorded frames, in order. */
export function foreignFrames(plan: Plan): readonly Uint8Array[] {
  const frames: Uint8Array[] = []
  const listen = corrupt({
    adversary: {
      behaviour: () =>
        onReceive(always, ({ frame }) => {
          if (frames.length < FRAMES_MAX) frames.push(frame)
        }),
    },
    board: { traitors: [LISTENER], notes: new Map() },
    random: createRandom(plan.seed),
    isOn: () => true,
    onAct: () => {},
  })
  simulate({
    seed: plan.seed,
    plan: {
      ...withoutFaults(plan),
      checkpointInterval: 2 * plan.checkpointInterval,
      calmAtMs: LASTS_MS,
      workload: { ...plan.workload, requestsPerClient: REQUESTS_PER_CLIENT, pauseMsMax: LASTS_MS / 2 },
    },
    adversaries: new Map([[LISTENER, listen]]),
  })
  return frames
}
