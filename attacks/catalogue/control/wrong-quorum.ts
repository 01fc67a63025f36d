import type { ReplicaState } from '../../../src/pbft/state.ts'
import type { StepFunction } from '../../../src/runtime/replica-runtime-options.ts'
import { type Attack, firstPrimaries } from '../../language/attack.ts'
import { apart } from '../../language/faults.ts'
import { halvesOf } from '../../language/mutations.ts'
import { twoWorlds } from './two-worlds.ts'

/**
 * The protocol of a replica that takes the cluster for one replica smaller than it is: its quorum is one too small.
 * Until the view is as high as the number that it believes in, nothing else about it is wrong.
 */
const withSmallerQuorum =
  (right: StepFunction): StepFunction =>
  (state, event) => {
    const mistaken = state as { config: ReplicaState['config'] }
    if (!WEAKENED.has(state)) mistaken.config = { ...state.config, n: state.config.n - 1 }
    WEAKENED.add(state)
    return right(state, event)
  }

const WEAKENED = new WeakSet<ReplicaState>()

export const wrongQuorum: Attack = {
  name: 'wrong-quorum',
  world: 'simulator',
  targets: ['safety'],
  does: 'f traitors show two histories to halves that cannot reach each other, with a quorum that is one too small',
  source: 'a mistake that was made more than once: 2f in place of 2f + 1',
  expects: 'agreement breaks, which shows that the agreement checker works',
  traitors: firstPrimaries,
  behaviour: twoWorlds.behaviour,
  simulated: {
    core: withSmallerQuorum,
    faults: ({ correct, lastsMs }) => apart(halvesOf(correct), { from: 0, to: lastsMs }),
  },
  control: { breaks: 'agreement' },
}
