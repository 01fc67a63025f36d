/** The loop around the core, as the head of src/pbft/effects.ts shows it: the test holds the two to be the same. */
import type { Sequence } from '../../src/base/ids.ts'
import type { ProtocolMessage, Verified } from '../../src/messages/message.ts'
import type { Effect, Event, LogRecord, Outgoing } from '../../src/pbft/effects.ts'
import type { Executed } from '../../src/pbft/ordering/execution.ts'
import type { ReplicaState } from '../../src/pbft/state.ts'
import { step } from '../../src/pbft/step.ts'

/** The outside of one core: log, network and application. */
export interface Host {
  /** True while records are appended that no sync covers. */
  readonly needsSync: boolean
  append(record: LogRecord): void
  /** Makes all that was appended durable, and returns the number of those records. */
  sync(): number
  send(to: number, outgoing: Outgoing): void
  /** Sends to all others; returns the own message, verified, where it is a signed one. */
  broadcast(outgoing: Outgoing): Verified<ProtocolMessage> | null
  execute(effect: Effect & { readonly kind: 'execute' }): Executed
  /** Freezes the state and returns its root. */
  freeze(sequence: Sequence): Uint8Array
  reply(effect: Effect & { readonly kind: 'reply' }): void
}

// The loop:
export function runCore(state: ReplicaState, host: Host, first: Event): void {
  const events: Event[] = [first]
  for (let event = events.shift(); event !== undefined; event = events.shift()) {
    for (const effect of step(state, event)) {
      if (effect.kind === 'persist') host.append(effect.record)
      else if (effect.kind === 'send') host.send(effect.to, effect.outgoing)
      else if (effect.kind === 'broadcast') {
        const message = host.broadcast(effect.outgoing)
        if (message !== null) {
          events.push({ kind: 'received', message, from: { kind: 'replica', id: state.config.id } })
        }
      } else if (effect.kind === 'execute') {
        events.unshift({ kind: 'executed', ...host.execute(effect) })
      } else if (effect.kind === 'snapshot') {
        const { sequence } = effect
        events.push({ kind: 'snapshot-taken', sequence, root: host.freeze(sequence) })
      } else if (effect.kind === 'reply') host.reply(effect)
    }
    if (events.length === 0 && host.needsSync) events.push({ kind: 'persisted', records: host.sync() })
  }
}
