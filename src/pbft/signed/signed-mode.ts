/** Signed mode: signed messages can be shown, so certificates are sent and any replica's message may be relayed. */
import { relayed } from '../catch-up/retransmission.ts'
import { isStableCheckpointRelevant, onStableCheckpoint } from '../checkpoints/checkpoint.ts'
import type { Mode } from '../mode.ts'
import { isExhibitRelevant, onExhibit } from '../ordering/evidence.ts'
import { isDecisionOpen } from '../ordering/ordering-state.ts'
import { RESEND_AFTER_TICKS } from '../parameters.ts'
import { mayVote } from '../recovery/recovery-state.ts'
import { batchesOfViewChanges, isNewViewRelevant, makeNewView, onNewView } from '../views/new-view.ts'
import { isViewChangeRelevant, onViewChange, viewChangeContent } from '../views/view-change.ts'
import { isPrimary } from '../views/view-state.ts'
import { onDecision } from './decisions.ts'
import { newestOf, onRecollection } from './disk-check.ts'

export const SIGNED: Mode = {
  receive(turn, message, from) {
    switch (message.kind) {
      case 'decision':
        return onDecision(turn, message)
      case 'stable-checkpoint':
        return onStableCheckpoint(turn, message)
      case 'exhibit':
        return onExhibit(turn, message)
      case 'recollection':
        return onRecollection(turn, message)
      case 'view-change':
        return onViewChange(turn, message, from)
      case 'new-view':
        return onNewView(turn, message, from)
      default: // a message of oral mode
    }
  },
  isRelevant(state, head) {
    switch (head.kind) {
      case 'decision':
        return isDecisionOpen(state, head.sequence)
      case 'stable-checkpoint':
        return isStableCheckpointRelevant(state, head)
      case 'exhibit':
        return isExhibitRelevant(state, head)
      case 'recollection':
        return state.recovery.recall !== null
      case 'view-change':
        return isViewChangeRelevant(state, head)
      case 'new-view':
        return isNewViewRelevant(state, head)
      default:
        return false
    }
  },

  leaveView: nothing,
  viewChangeContent,
  isOrderingStuck: () => false, // any replica can show a decision

  acknowledge: nothing,
  advanceViewChange: makeNewView,
  awaitedBatches: batchesOfViewChanges, // with unsynced votes only
  fetchCited: nothing,
  acceptChoicesAhead: nothing, // a NEW-VIEW shows the certificate that moves h

  decisionSources: () => 1,
  needsVotes: ({ sequence }, status) => sequence > status.lastExecuted,
  /** Any replica may relay a signed pre-prepare. Backups do so if the primary evidently does not. */
  mayResendPrePrepare: (state, { acceptedTick }) =>
    isPrimary(state) || state.clock.ticks - acceptedTick >= 3 * RESEND_AFTER_TICKS,

  isCheckpointDue: (state, sequence) => sequence > state.checkpoints.lowWatermark,
  /**
   * Keeps all roots: a signed reminder of this replica's CHECKPOINT above h must find its root, and a certificate soon
   * moves h. @rule 6.4
   */
  boundOwnRoots: nothing,
  noteCheckpoint: nothing,
  latestCheckpoint: ({ checkpoints: { stable } }) => stable,

  resendView({ state, effects }, { sender: to }, message) {
    const peer = state.catchUp.peers[to]
    if (peer === undefined || message === null) return
    if (message.sender === state.config.id && !mayVote(state)) return
    peer.resentTick = state.clock.ticks
    effects.push({ kind: 'send', to, outgoing: relayed(message) })
  },
  resendCheckpoints({ state, effects }, { sender: to, lowWatermark }) {
    const { stable, received: checkpoints } = state.checkpoints
    const { config } = state
    if (lowWatermark < stable.sequence) {
      effects.push({ kind: 'send', to, outgoing: { kind: 'stable-checkpoint', stable } })
      return
    }
    if (!mayVote(state)) return
    for (const [sequence, own] of checkpoints[config.id] ?? []) {
      if (sequence > lowWatermark) effects.push({ kind: 'send', to, outgoing: relayed(own) })
    }
  },

  isDoubted: () => false,
  vouchedFor: () => null,
  sendMacComplaints: nothing,
  lacksSignature: () => false,

  recollectionFor: (state, asker, nonce) => ({
    kind: 'recollection',
    nonce,
    remembered: newestOf(state, asker),
  }),
  persistAgain: nothing,
  replay: nothing,
  replayViewChange: nothing,
  replayChoices: (_, choices) => choices,
  mayVoteAgain: () => false,
}

function nothing(): void {}
