/**
 * The frames that a flooder sends to one correct replica: all of it well-formed and rightly signed, and of no use.
 */
import type { ReplicaId, Sequence } from '../../../src/base/ids.ts'
import { CHECKPOINT_INTERVAL } from '../../../src/messages/limits.ts'
import { REPLICA_WASTE } from '../../../src/runtime/inbound/sender-budgets.ts'
import { type AdversaryContext, toReplica } from '../../language/adversary-context.ts'
import type { Excess } from '../../language/attack.ts'
import { type Behaviour, onTick } from '../../language/behaviour.ts'

/** Every 10 ms: CHECKPOINTs and questions that were never said before, each sent so often. */
const NEW_PER_TICK = 30
const TIMES = 5
const ROOT_BYTES = 32

export const FLOOD_EXCEEDS: readonly Excess[] = [
  {
    what: 'checks that a peer may waste in a tick',
    limit: REPLICA_WASTE.perTick,
    sent: 2 * NEW_PER_TICK * TIMES,
  },
]

/** Sends as fast as it can to whom `victimOf` names, for as long as the attack is on. */
export const floodOf = (victimOf: (place: AdversaryContext) => ReplicaId | undefined): Behaviour =>
  onTick(1, (place) => {
    const { ticks, seal, send } = place
    const victim = victimOf(place)
    if (victim === undefined) return
    for (let count = 0; count < NEW_PER_TICK; count++) {
      const sequence = (CHECKPOINT_INTERVAL * (1_000 + ticks * NEW_PER_TICK + count)) as Sequence
      const digest = new Uint8Array(ROOT_BYTES).fill(count)
      const frames = [
        seal({ kind: 'checkpoint', sequence, root: digest }),
        seal({ kind: 'fetch', sequence, digest }),
      ]
      for (let time = 0; time < TIMES; time++) {
        for (const frame of frames) send({ to: toReplica(victim), frame })
      }
    }
  })
