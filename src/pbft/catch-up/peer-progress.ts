/** The progress of the peers, as their STATUS says. Keeps rule 1.11. */
import type { Sequence, View } from '../../base/ids.ts'
import type { Complaint } from '../../messages/message.ts'

/** The last STATUS of a peer, and when it was last helped. */
export interface PeerProgress {
  view: View
  isActive: boolean
  complaint: Complaint | null
  lastExecuted: Sequence
  /** The tick of the last VIEW-CHANGE, NEW-VIEW or stable certificate that was sent to it. */
  resentTick: number
  /** The ticks of the last answer to its STATUS and of the last STATUS that was sent to it alone. */
  servedTick: number
  toldTick: number
  /** Its last executed number when it was last served decisions; below any number until it is. */
  servedFrom: number
  /** Its FETCHes answered in the period that began at this tick. */
  fetchTick: number
  fetchesServed: number
}

/** The progress of a peer that said nothing yet. */
const createPeerProgress = (): PeerProgress => ({
  view: 0 as View,
  isActive: true,
  complaint: null,
  lastExecuted: 0 as Sequence,
  resentTick: Number.NEGATIVE_INFINITY,
  servedTick: Number.NEGATIVE_INFINITY,
  toldTick: Number.NEGATIVE_INFINITY,
  servedFrom: Number.NEGATIVE_INFINITY,
  fetchTick: Number.NEGATIVE_INFINITY,
  fetchesServed: 0,
})

export interface CatchUpState {
  /** By id. */
  readonly peers: readonly PeerProgress[]
  /** The tick of the last STATUS to all. */
  lastStatusTick: number
}

export const createCatchUpState = (n: number): CatchUpState => ({
  peers: Array.from({ length: n }, createPeerProgress),
  lastStatusTick: 0,
})
