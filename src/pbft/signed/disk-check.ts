/**
 * The answers to a replica that checks its disk, in signed mode. Others show its signed messages, and one that it does
 * not know is enough to prove amnesia. Keeps rule 6.4.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId } from '../../base/ids.ts'
import { faultsMax } from '../../base/quorum.ts'
import type { Recollection, Remembered, Verified } from '../../messages/message.ts'
import { mustAbstain } from '../ordering/unsynced-votes.ts'
import { becomeAmnesiac, endRecall } from '../recovery/disk-check.ts'
import type { ReplicaState, Turn } from '../state.ts'

/** Returns the sender's VIEW-CHANGE, its latest CHECKPOINT, and its latest vote of each kind. */
export function newestOf(
  state: ReplicaState,
  sender: ReplicaId,
): readonly { readonly envelope: Uint8Array }[] {
  const newest = new Map<string, { readonly envelope: Uint8Array; readonly sequence: number }>()
  const consider = (message: Exclude<Remembered, { kind: 'view-change' }> | null | undefined): void => {
    if (message === null || message === undefined || message.sender !== sender) return
    const known = newest.get(message.kind)
    if (known === undefined || known.sequence < message.sequence) newest.set(message.kind, message)
  }
  for (const slot of state.ordering.slots.values()) {
    consider(slot.accepted)
    consider(slot.prepares[sender])
    consider(slot.commits[sender])
  }
  for (const checkpoint of state.checkpoints.received[sender]?.values() ?? []) consider(checkpoint)
  const viewChange = state.views.viewChanges[sender] ?? null
  return viewChange?.kind !== 'view-change' ? [...newest.values()] : [...newest.values(), viewChange]
}

/**
 * Handles the messages of this replica that another one holds. One unknown message makes this replica amnesiac.
 * @rule 6.4
 */
export function onRecollection(turn: Turn, { sender, nonce, remembered }: Verified<Recollection>): void {
  const { state } = turn
  const { recall } = state.recovery
  const { config } = state
  if (recall === null || recall.nonce !== nonce) return
  if (remembered.some((message) => message.sender === config.id && isForgotten(state, message))) {
    return becomeAmnesiac(turn)
  }
  recall.answered.set(sender, [])
  if (recall.answered.size >= 2 * faultsMax(config.n)) endRecall(turn)
}

/**
 * True if the log would hold this message had it not been lost: a message of a view above the current one, or a vote
 * above h. Of older views the log keeps only the COMMITs; where this replica abstains, it may lack PREPAREs (6.5).
 */
function isForgotten(state: ReplicaState, message: Remembered): boolean {
  if (message.kind === 'view-change') return message.view > state.views.view
  if (message.sequence <= state.checkpoints.lowWatermark) return false
  if (message.kind === 'checkpoint') return !state.checkpoints.ownRoots.has(message.sequence)
  if (message.view > state.views.view) return true
  const { sequence, view, digest } = message
  if (message.kind === 'commit') {
    const prepared = state.ordering.preparedCertificates.get(sequence)?.prePrepare
    if (prepared === undefined || prepared.view < view) return true
    return prepared.view === view && !equalBytes(prepared.digest, digest)
  }
  if (view < state.views.view || mustAbstain(state, view, sequence)) return false
  const accepted = state.ordering.slots.get(sequence)?.accepted ?? null
  return accepted === null || !equalBytes(accepted.digest, digest)
}
