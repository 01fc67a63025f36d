/**
 * The replica as a pure state machine: `step(state, event) -> effects`. No I/O, no clock, no promise, no package.
 *
 * Where to look, with the paper open (OSDI 1999 section 4, TOCS 2002 sections 4 and 5):
 *   requests, timer                requests.ts, waiting.ts            1.1, 1.9, 3.9
 *   pre-prepare, prepare, commit   normal-case.ts, slot.ts            1.2 - 1.5
 *   execution, replies             execution.ts                       1.6, 1.7
 *   batching, pipeline             propose.ts                         1.10
 *   retransmission                 retransmission.ts                  1.11, 2.7, 2.8
 *   evidence of equivocation       evidence.ts                        1.5
 *   checkpoints, watermarks        checkpoint.ts                      2.1 - 2.6
 *   leaving a view                 view-change.ts                     3.1, 3.2, 3.6 - 3.8
 *   entering a view                new-view.ts                        3.3 - 3.5
 *   suspicion                      failure-detector.ts                3.11
 *   slow and unfair primaries      watch-primary.ts, slow-primary.ts  5.4
 *   durable before send            durability.ts                      6
 *   restart                        recovery.ts, recall.ts             6.2, 6.4
 *   amnesia                        amnesia.ts, recovery-operations.ts 6.4
 *   all of it without signatures   oral/                              4
 */
import { assertNever } from '../base/assert.ts'
import {
  onBatchDelivery,
  onDecision,
  onFetch,
  onStatus,
  sendHeartbeat,
  sendStatusIfDue,
} from './catch-up/retransmission.ts'
import {
  checkTransfer,
  onCheckpoint,
  onSnapshotTaken,
  onStableCheckpoint,
  onStored,
  onTransferGone,
  onTransferred,
  sendCheckpoints,
} from './checkpoints/checkpoint.ts'
import { onPersisted } from './durability.ts'
import type { Effect, Event } from './effects.ts'
import { keepAck } from './oral/acknowledgements.ts'
import { onDecisionClaim } from './oral/decisions.ts'
import { onMacComplaint } from './oral/doubtful-requests.ts'
import { acceptChoicesAhead, judgeNewViews, makeOralNewView, onOralNewView } from './oral/new-view.ts'
import { onOralViewChange, onViewChangeDelivery, onViewChangeFetch } from './oral/view-changes.ts'
import { onExhibit } from './ordering/evidence.ts'
import { isHeldUp, onExecuted } from './ordering/execution.ts'
import { onPrePrepare, onVote, retryHeldBack } from './ordering/normal-case.ts'
import { forgetDropped, onRequest, relayAgain, relayNew } from './ordering/requests.ts'
import { finishRecoveries } from './recovery/amnesia.ts'
import {
  beginRecall,
  checkRecall,
  onOralRecollection,
  onRecall,
  onRecollection,
} from './recovery/disk-check.ts'
import { askForRecovery, onRecoveryPrepared } from './recovery/recovery-operations.ts'
import { isOral, type ReplicaState, type Turn } from './state.ts'
import { makeNewView, onNewView } from './views/new-view.ts'
import { checkPrimary } from './views/slow-primary.ts'
import { checkTimers, onViewChange } from './views/view-change.ts'

/** Takes one event; changes `state` and gives the effects to perform, in order. Duties of the caller: effects.ts. */
export function step(state: ReplicaState, event: Event): readonly Effect[] {
  const turn: Turn = { state, effects: [] }
  switch (event.kind) {
    case 'received':
      onReceived(turn, event)
      break
    case 'ticked':
      state.now = event.now
      if (isHeldUp(state)) {
        sendHeartbeat(turn)
        break
      }
      state.ticks++
      checkRecall(turn)
      finishRecoveries(turn)
      checkPrimary(turn)
      checkTimers(turn)
      sendCheckpoints(turn)
      relayNew(turn)
      forgetDropped(turn.state)
      relayAgain(turn)
      retryHeldBack(turn)
      checkTransfer(turn)
      acceptChoicesAhead(turn)
      askForRecovery(turn)
      sendStatusIfDue(turn)
      break
    case 'persisted':
      onPersisted(turn, event.records)
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
      onTransferred(turn, event.stable)
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
  if (from.kind === 'replica') turn.state.detector.heard(from.id, turn.state.ticks)
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
      return makeOralNewView(turn)
    case 'decision':
      if (!isOral(turn.state)) return onDecision(turn, message)
      onDecisionClaim(turn, message)
      return makeOralNewView(turn)
    case 'checkpoint':
      return onCheckpoint(turn, message, from)
    case 'stable-checkpoint':
      return onStableCheckpoint(turn, message)
    case 'recall':
      return onRecall(turn, message)
    case 'recollection':
      return onRecollection(turn, message)
    case 'exhibit':
      return onExhibit(turn, message)
    case 'view-change':
      onViewChange(turn, message, from)
      return makeNewView(turn)
    case 'new-view':
      return onNewView(turn, message, from)
    case 'oral-view-change':
      onOralViewChange(turn, message, from)
      judgeNewViews(turn)
      return makeOralNewView(turn)
    case 'view-change-ack':
      keepAck(turn.state, message)
      judgeNewViews(turn)
      return makeOralNewView(turn)
    case 'view-change-fetch':
      return onViewChangeFetch(turn, message)
    case 'view-change-delivery':
      onViewChangeDelivery(turn, message, from)
      return judgeNewViews(turn)
    case 'oral-new-view':
      return onOralNewView(turn, message, from)
    case 'oral-recollection':
      return onOralRecollection(turn, message)
    case 'mac-complaint':
      return onMacComplaint(turn, message)
    default:
      return assertNever(message)
  }
}
