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
  sayAlive,
  speakUp,
} from './catch-up/retransmission.ts'
import {
  checkTransfer,
  onCheckpoint,
  onSnapshotTaken,
  onStableCheckpoint,
  onStored,
  onTransferGone,
  onTransferred,
  sayCheckpoints,
} from './checkpoints/checkpoint.ts'
import { onPersisted } from './durability.ts'
import type { Effect, Event } from './effects.ts'
import { holdAck } from './oral/acknowledgements.ts'
import { onDecisionClaim } from './oral/decisions.ts'
import { onMacComplaint } from './oral/doubtful-requests.ts'
import { acceptChoicesAhead, judgeNewViews, makeOralNewView, onOralNewView } from './oral/new-view.ts'
import { onOralViewChange, onViewChangeDelivery, onViewChangeFetch } from './oral/view-changes.ts'
import { onExhibit } from './ordering/evidence.ts'
import { isHeldUp, onExecuted } from './ordering/execution.ts'
import { onPrePrepare, onVote, retryHeldBack } from './ordering/normal-case.ts'
import { forgetDropped, onRequest, relayAgain, relayNew } from './ordering/requests.ts'
import { settleRecoveries } from './recovery/amnesia.ts'
import {
  beginRecall,
  checkRecall,
  onOralRecollection,
  onRecall,
  onRecollection,
} from './recovery/disk-check.ts'
import { askForRecovery, onRecoveryPrepared } from './recovery/recovery-operations.ts'
import { isOral, type ReplicaState, type Step } from './state.ts'
import { makeNewView, onNewView } from './views/new-view.ts'
import { checkPrimary } from './views/slow-primary.ts'
import { checkTimers, onViewChange } from './views/view-change.ts'

/** Takes one event; changes `state` and gives the effects to perform, in order. Duties of the caller: effects.ts. */
export function step(state: ReplicaState, event: Event): readonly Effect[] {
  const current: Step = { state, effects: [] }
  switch (event.kind) {
    case 'received':
      onReceived(current, event)
      break
    case 'ticked':
      state.now = event.now
      if (isHeldUp(state)) {
        sayAlive(current)
        break
      }
      state.ticks++
      checkRecall(current)
      settleRecoveries(current)
      checkPrimary(current)
      checkTimers(current)
      sayCheckpoints(current)
      relayNew(current)
      forgetDropped(current.state)
      relayAgain(current)
      retryHeldBack(current)
      checkTransfer(current)
      acceptChoicesAhead(current)
      askForRecovery(current)
      speakUp(current)
      break
    case 'persisted':
      onPersisted(current, event.records)
      break
    case 'executed':
      onExecuted(current, event)
      break
    case 'snapshot-taken':
      onSnapshotTaken(current, event.sequence, event.root)
      break
    case 'stored':
      onStored(current, event.sequence)
      break
    case 'transferred':
      onTransferred(current, event.stable)
      break
    case 'transfer-gone':
      onTransferGone(current)
      break
    case 'recovery-prepared':
      onRecoveryPrepared(current, event.request)
      break
    case 'resumed':
      beginRecall(current, event.nonce)
      break
    default:
      assertNever(event)
  }
  return current.effects
}

function onReceived(current: Step, { message, from }: Event & { readonly kind: 'received' }): void {
  if (from.kind === 'replica') current.state.detector.heard(from.id, current.state.ticks)
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
      onBatchDelivery(current, message)
      return makeOralNewView(current)
    case 'decision':
      if (!isOral(current.state)) return onDecision(current, message)
      onDecisionClaim(current, message)
      return makeOralNewView(current)
    case 'checkpoint':
      return onCheckpoint(current, message, from)
    case 'stable-checkpoint':
      return onStableCheckpoint(current, message)
    case 'recall':
      return onRecall(current, message)
    case 'recollection':
      return onRecollection(current, message)
    case 'exhibit':
      return onExhibit(current, message)
    case 'view-change':
      onViewChange(current, message, from)
      return makeNewView(current)
    case 'new-view':
      return onNewView(current, message, from)
    case 'oral-view-change':
      onOralViewChange(current, message, from)
      judgeNewViews(current)
      return makeOralNewView(current)
    case 'view-change-ack':
      holdAck(current.state, message)
      judgeNewViews(current)
      return makeOralNewView(current)
    case 'view-change-fetch':
      return onViewChangeFetch(current, message)
    case 'view-change-delivery':
      onViewChangeDelivery(current, message, from)
      return judgeNewViews(current)
    case 'oral-new-view':
      return onOralNewView(current, message, from)
    case 'oral-recollection':
      return onOralRecollection(current, message)
    case 'mac-complaint':
      return onMacComplaint(current, message)
    default:
      return assertNever(message)
  }
}
