/**
 * A register that always answers: each replica serves its user at once and sends what was written to the others, and the
 * version with the highest timestamp wins (Thomas's write rule; Bayou, Terry et al. 1995; Dynamo, DeCandia et al. 2007).
 * In the terms of Gilbert, Lynch, "Brewer's Conjecture" (2002), it is available under a partition, and not consistent.
 * n - 1 messages for a write, none for a read. Once all messages have arrived, all replicas are alike.
 */
import { type AsynchronousAlgorithm, type Reaction, sendToEach, type TypedMessage } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'
import {
  isNewer,
  NEVER_WRITTEN,
  operationText,
  type RegisterOptions,
  type UserOperation,
  type Version,
} from './majority-register.ts'

export interface GossipMessage extends TypedMessage, Version {
  readonly type: 'WRITTEN'
}

export interface GossipState {
  readonly version: Version
  readonly left: readonly UserOperation[]
}

export function gossipRegister({
  n,
  operations,
}: RegisterOptions): AsynchronousAlgorithm<GossipState, GossipMessage> {
  const nextTimer = ({ left }: GossipState) => (left.length > 0 ? [{ name: 'user', after: 1 }] : [])
  const process = (self: ProcessId) => ({
    start(): Reaction<GossipState, GossipMessage> {
      const state = { version: NEVER_WRITTEN, left: operations[self] ?? [] }
      return { state, timers: nextTimer(state) }
    },
    /** The user does the next operation. */
    expire(state: GossipState): Reaction<GossipState, GossipMessage> {
      const [operation, ...left] = state.left
      if (operation === undefined) return { state }
      const begins = { event: 'begins', value: operationText(operation) }
      if (operation === 'read') {
        const next = { ...state, left }
        const reads = { event: 'reads', value: state.version.value }
        return { state: next, outputs: [begins, reads], timers: nextTimer(next) }
      }
      const version = { count: state.version.count + 1, writer: self, value: operation.write }
      const next = { version, left }
      return {
        state: next,
        sends: sendToEach(everyoneBut(n, self), { type: 'WRITTEN', ...version }),
        outputs: [begins, { event: 'has written', value: operation.write }],
        timers: nextTimer(next),
      }
    },
    receive(
      state: GossipState,
      _from: ProcessId,
      message: GossipMessage,
    ): Reaction<GossipState, GossipMessage> {
      const { count, writer, value } = message
      const version = { count, writer, value }
      return { state: isNewer(version, state.version) ? { ...state, version } : state }
    },
  })
  return { n, process }
}
