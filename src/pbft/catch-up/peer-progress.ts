/** The progress of the peers, as reported in their STATUS. Keeps rule 1.11. */
import type { Sequence, View } from '../../base/ids.ts'
import type { Complaint } from '../../messages/message.ts'

/** The last STATUS of a peer, and the ticks at which it was last sent what it lacks. */
export interface PeerProgress {
  view: View
  isActive: boolean
  complaint: Complaint | null
  lastExecuted: Sequence
  /** The tick at which it was last sent a VIEW-CHANGE, NEW-VIEW or stable certificate. */
  resentTick: number
  /** The ticks of the last answer to its STATUS, and of the last STATUS sent to it alone. */
  servedTick: number
  toldTick: number
  /** Its last executed sequence number when it was last sent decisions; below any number before that. */
  servedFrom: number
  /** The start of the current period, and the number of its FETCHes answered in it. */
  fetchTick: number
  fetchesServed: number
}

/** Returns the progress of a peer that has sent no STATUS yet. */
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
  /** The progress of each peer, by id. */
  readonly peers: readonly PeerProgress[]
  /** The tick of the last STATUS that was broadcast. */
  lastStatusTick: number
}

export const createCatchUpState = (n: number): CatchUpState => ({
  peers: Array.from({ length: n }, createPeerProgress),
  lastStatusTick: 0,
})
