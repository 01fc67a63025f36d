/**
 * The replica as a pure state machine: `step(state, event) -> effects`. No I/O, no clock, no promise, no package.
 *
 * Where to look, with the paper open (OSDI 1999 section 4, TOCS 2002 sections 4 and 5):
 *   requests, timer                ordering/requests.ts, request-queue.ts       1.1, 1.9, 3.9
 *   pre-prepare, prepare, commit   ordering/normal-case.ts, slot.ts, place.ts   1.2 - 1.5
 *   batching, pipeline             ordering/propose.ts                          1.10
 *   clock batches, leases          ordering/clock-batches.ts                    1.9
 *   proposed times                 ordering/proposed-time.ts                    1.2
 *   execution, replies             ordering/execution.ts                        1.6, 1.7
 *   reads without ordering         ordering/unordered-reads.ts                  5.1
 *   evidence of equivocation       ordering/evidence.ts                         1.5
 *   retransmission                 catch-up/retransmission.ts                   1.11, 2.7, 2.8
 *   checkpoints, watermarks        checkpoints/checkpoint.ts, watermarks.ts     2.1 - 2.6
 *   leaving a view                 views/view-change.ts                         3.1, 3.2, 3.6 - 3.8
 *   entering a view                views/new-view.ts                            3.3 - 3.5
 *   suspicion                      views/failure-detector.ts                    3.11
 *   slow and unfair primaries      views/primary-observation.ts, slow-primary.ts 5.4
 *   durable before send            durability.ts                                6
 *   restart, an old disk           recovery/restart.ts, disk-check.ts           6.2, 6.4
 *   amnesia                        recovery/amnesia.ts, recovery-operations.ts  6.4
 *   what signed messages allow     mode.ts, signed/                             1.4, 2.8
 *   all of it without signatures   mode.ts, oral/                               4
 */
import { assertNever } from '../base/assert.ts'
import {
  onBatchDelivery,
  onFetch,
  onStatus,
  sendHeartbeat,
  sendStatusIfDue,
} from './catch-up/retransmission.ts'
import {
  checkTransfer,
  onCheckpoint,
  onSnapshotTaken,
  onStored,
  onTransferGone,
  onTransferred,
  sendCheckpoints,
} from './checkpoints/checkpoint.ts'
import { onPersisted } from './durability.ts'
import type { Effect, Event } from './effects.ts'
import { watchLeases } from './ordering/clock-batches.ts'
import { isBusyExecuting, onExecuted } from './ordering/execution.ts'
import { onPrePrepare, onVote, retryHeldBack } from './ordering/normal-case.ts'
import { proposeDueTime } from './ordering/propose.ts'
import { forgetDropped, onRequest, relayAgain, relayNew } from './ordering/requests.ts'
import { releaseReplies } from './ordering/unordered-reads.ts'
import { finishRecoveries } from './recovery/amnesia.ts'
import { beginRecall, checkRecall, onRecall } from './recovery/disk-check.ts'
import { askForRecovery, onRecoveryPrepared } from './recovery/recovery-operations.ts'
import type { ReplicaState, Turn } from './state.ts'
import { checkPrimary } from './views/slow-primary.ts'
import { noteHeard } from './views/suspicion.ts'
import { checkTimers } from './views/view-change.ts'

/** Handles one event: changes `state` and returns the effects to perform, in order. The caller's duties: effects.ts. */
export function step(state: ReplicaState, event: Event): readonly Effect[] {
  const turn: Turn = { state, effects: [] }
  switch (event.kind) {
    case 'received':
      onReceived(turn, event)
      break
    case 'ticked':
      state.clock.now = event.now
      if (isBusyExecuting(state)) {
        sendHeartbeat(turn)
        break
      }
      state.clock.ticks++
      checkRecall(turn)
      finishRecoveries(turn)
      checkPrimary(turn)
      watchLeases(turn.state)
      checkTimers(turn)
      proposeDueTime(turn)
      sendCheckpoints(turn)
      relayNew(turn)
      forgetDropped(turn.state)
      relayAgain(turn)
      retryHeldBack(turn)
      checkTransfer(turn)
      state.mode.acceptChoicesAhead(turn)
      askForRecovery(turn)
      sendStatusIfDue(turn)
      break
    case 'persisted':
      onPersisted(turn, event.records)
      releaseReplies(turn)
      break
    case 'executed':
      onExecuted(turn, event)
      break
    case 'snapshot-taken':
      onSnapshotTaken(turn, event.sequence, event.root)
      break
    case 'stored':
      onStored(turn, event.sequence)
      break
    case 'transferred':
      onTransferred(turn, event)
      break
    case 'transfer-gone':
      onTransferGone(turn)
      break
    case 'recovery-prepared':
      onRecoveryPrepared(turn, event.request)
      break
    case 'resumed':
      beginRecall(turn, event.nonce)
      break
    default:
      assertNever(event)
  }
  return turn.effects
}

function onReceived(turn: Turn, { message, from }: Event & { readonly kind: 'received' }): void {
  if (from.kind === 'replica') noteHeard(turn.state, from.id)
  switch (message.kind) {
    case 'request':
      return onRequest(turn, message, from)
    case 'pre-prepare':
      return onPrePrepare(turn, message, from)
    case 'prepare':
    case 'commit':
      return onVote(turn, message, from)
    case 'status':
      return onStatus(turn, message)
    case 'fetch':
      return onFetch(turn, message)
    case 'batch':
      onBatchDelivery(turn, message)
      return turn.state.mode.advanceViewChange(turn) // this replica's NEW-VIEW may have waited for it
    case 'checkpoint':
      return onCheckpoint(turn, message, from)
    case 'recall':
      return onRecall(turn, message)
    default:
      turn.state.mode.receive(turn, message, from)
      return turn.state.mode.advanceViewChange(turn)
  }
}
