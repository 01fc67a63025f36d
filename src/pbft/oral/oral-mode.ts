/**
 * Oral mode: a message convinces its receiver only, so no message is shown to others and a replica resends its own
 * messages only. Where signed mode needs a certificate, oral mode needs equal claims of W replicas, one of which is
 * correct: rule 4.8.
 */

import { weakQuorum } from '../../base/quorum.ts'
import type { Decision } from '../../messages/message.ts'
import { relayed } from '../catch-up/retransmission.ts'
import type { Mode } from '../mode.ts'
import { isBatchLacking, isDecisionOpen } from '../ordering/ordering-state.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import type { ReplicaState } from '../state.ts'
import { isNewViewRelevant } from '../views/new-view.ts'
import { isPrimary } from '../views/view-state.ts'
import { acknowledge, forgetViewsBefore, keepAck, noteAcked, resendAcks } from './acknowledgements.ts'
import { boundOwnRoots, latestCheckpoint, noteCheckpoint, resendCheckpoints } from './checkpoints.ts'
import { gatherPrePrepares, notePrePrepared, oralViewChangeContent, persistOralAgain } from './claims.ts'
import { isOrderingStuck, onDecisionClaim } from './decisions.ts'
import { onOralRecollection, remindersOf } from './disk-check.ts'
import {
  isDoubted,
  isNewComplaint,
  lacksSignature,
  onMacComplaint,
  sendMacComplaints,
  vouchedFor,
} from './doubtful-requests.ts'
import {
  acceptChoicesAhead,
  judgeNewViews,
  makeOralNewView,
  onOralNewView,
  replayChoices,
} from './new-view.ts'
import {
  fetchCited,
  isCited,
  isOralViewChangeRelevant,
  onOralViewChange,
  onViewChangeDelivery,
  onViewChangeFetch,
} from './view-changes.ts'

export const ORAL: Mode = {
  receive(turn, message, from) {
    switch (message.kind) {
      case 'decision':
        return onDecisionClaim(turn, message)
      case 'oral-view-change':
        return onOralViewChange(turn, message, from)
      case 'view-change-ack':
        return keepAck(turn.state, message)
      case 'view-change-fetch':
        return onViewChangeFetch(turn, message)
      case 'view-change-delivery':
        return onViewChangeDelivery(turn, message, from)
      case 'oral-new-view':
        return onOralNewView(turn, message, from)
      case 'oral-recollection':
        return onOralRecollection(turn, message)
      case 'mac-complaint':
        return onMacComplaint(turn, message)
      default: // a message of signed mode
    }
  },
  isRelevant(state, head) {
    switch (head.kind) {
      case 'decision':
        return isDecisionRelevant(state, head)
      case 'oral-view-change':
        return isOralViewChangeRelevant(state, head)
      case 'oral-new-view':
        return isNewViewRelevant(state, head)
      case 'view-change-ack':
        return head.view >= state.views.view
      case 'view-change-fetch':
        return true
      case 'view-change-delivery':
        return isCited(state, head.viewChange)
      case 'oral-recollection':
        return state.recovery.recall !== null
      case 'mac-complaint':
        return isNewComplaint(state, head)
      default:
        return false
    }
  },

  leaveView(state, next) {
    gatherPrePrepares(state)
    forgetViewsBefore(state, next)
  },
  viewChangeContent: oralViewChangeContent,
  isOrderingStuck,

  acknowledge,
  advanceViewChange(turn) {
    judgeNewViews(turn)
    makeOralNewView(turn)
  },
  awaitedBatches: ({ oral }) => oral.lacking,
  fetchCited,
  acceptChoicesAhead,

  decisionSources: weakQuorum,
  /** No decision can be shown, so votes are resent, even by a replica that has decided. */
  needsVotes: ({ sequence, decided }, status) => sequence > status.lastExecuted || decided === null,
  /** A choice of a NEW-VIEW is sent with the NEW-VIEW and has no pre-prepare of its own. */
  mayResendPrePrepare: (state, { sequence }) => isPrimary(state) && sequence > state.views.lastChosen,

  /** Others may need this replica's CHECKPOINT for h too, to learn that h is stable. */
  isCheckpointDue: (state, sequence) => sequence >= state.checkpoints.lowWatermark,
  boundOwnRoots,
  noteCheckpoint,
  latestCheckpoint,

  resendView(turn, status, message) {
    const { state, effects } = turn
    const { sender: to } = status
    const peer = state.catchUp.peers[to]
    resendAcks(turn, status)
    if (peer === undefined || message?.sender !== state.config.id || !mayVote(state)) return
    peer.resentTick = state.clock.ticks
    effects.push({ kind: 'send', to, outgoing: relayed(message) })
  },
  resendCheckpoints,

  isDoubted,
  vouchedFor,
  sendMacComplaints,
  lacksSignature,

  recollectionFor: (state, asker, nonce) => ({
    kind: 'oral-recollection',
    nonce,
    reminders: remindersOf(state, asker),
  }),
  persistAgain: persistOralAgain,
  replay(state, record) {
    if (record.kind === 'acknowledged') noteAcked(state, record)
    else notePrePrepared(state, record.claims)
  },
  replayViewChange(state, viewChange) {
    if (viewChange.kind === 'oral-view-change') state.oral.received[viewChange.sender] = viewChange
  },
  replayChoices,
  /** Allowed above h, even if the stored state is ahead of h. */
  mayVoteAgain: (state, sequence) => sequence > state.checkpoints.lowWatermark,
}

/** True if this replica lacks the batch, for which the digest alone vouches, or may still count the claim. */
const isDecisionRelevant = (
  state: ReplicaState,
  { sequence, digest }: Pick<Decision, 'sequence' | 'digest'>,
): boolean => isBatchLacking(state, sequence, digest) || isDecisionOpen(state, sequence)
