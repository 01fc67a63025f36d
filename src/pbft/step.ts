/**
 * The replica as a pure state machine: `step(state, event) -> effects`. No I/O, no clock, no promise, no package.
 *
 * Where to look, with the paper open (OSDI 1999 section 4, TOCS 2002 sections 4 and 5):
 *   requests, timer                requests.ts, waiting.ts     1.1, 1.9
 *   pre-prepare, prepare, commit   normal-case.ts, slot.ts     1.2 - 1.5
 *   execution, replies             execution.ts                1.6, 1.7
 *   batching, pipeline             propose.ts                  1.10
 *   retransmission                 retransmission.ts           1.11
 *   durable before send            durability.ts               6
 *   restart                        recovery.ts                 6.2
 */
import { assertNever } from '../base/assert.ts'
import { onPersisted } from './durability.ts'
import type { Effect, Event } from './effects.ts'
import { onExecuted } from './execution.ts'
import { onPrePrepare, onVote, retryHeldBack } from './normal-case.ts'
import { resume } from './recovery.ts'
import { checkTimer, onRequest, relayAgain } from './requests.ts'
import { onBatchDelivery, onDecision, onFetch, onStatus, speakUp } from './retransmission.ts'
import type { ReplicaState, Step } from './state.ts'

/** Takes one event; changes `state` and gives the effects to perform, in order. Duties of the caller: effects.ts. */
export function step(state: ReplicaState, event: Event): readonly Effect[] {
  const current: Step = { state, effects: [] }
  switch (event.kind) {
    case 'received':
      onReceived(current, event)
      break
    case 'ticked':
      state.ticks++
      state.now = event.now
      checkTimer(state)
      relayAgain(current)
      retryHeldBack(current)
      speakUp(current)
      break
    case 'persisted':
      onPersisted(current, event.records)
      break
    case 'executed':
      onExecuted(current, event.sequence)
      break
    case 'resumed':
      resume(current)
      break
    default:
      assertNever(event)
  }
  return current.effects
}

function onReceived(current: Step, { message, from }: Event & { readonly kind: 'received' }): void {
  switch (message.kind) {
    case 'request':
      return onRequest(current, message, from)
    case 'pre-prepare':
      return onPrePrepare(current, message, from)
    case 'prepare':
    case 'commit':
      return onVote(current, message, from)
    case 'status':
      return onStatus(current, message)
    case 'fetch':
      return onFetch(current, message)
    case 'batch':
      return onBatchDelivery(current, message)
    case 'decision':
      return onDecision(current, message)
    default:
      return assertNever(message)
  }
}
