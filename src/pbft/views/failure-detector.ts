/**
 * Suspicion by silence: a phi accrual detector (Hayashibara et al., SRDS 2004). It learns how long the gaps between a
 * peer's messages are; STATUS, sent at a fixed rate, is the heartbeat when there is nothing else. A suspicion may end a
 * view early and is shown to people. It changes no quorum.
 * @rule 3.11
 */
import type { ReplicaId } from '../../base/ids.ts'
import { STATUS_IDLE_TICKS } from '../parameters.ts'

/** A silence less likely than 10^-8, by what was learned, is suspicious. */
const PHI_MAX = 8
/** Weight of one more gap in what was learned. */
const LEARNING_RATE = 1 / 32
/** The least standard deviation assumed, in ticks: clocks and loops are never better than that. */
const DEVIATION_TICKS_MIN = 3
/** Gaps are learned up to this, in ticks: an outage teaches nothing about the time after it. */
const GAP_TICKS_MAX = 100

interface Heard {
  /** Null before the first message: a replica that starts has no grounds to suspect anybody. */
  lastTick: number | null
  meanGap: number
  variance: number
}

export class FailureDetector {
  readonly #peers: readonly Heard[]

  constructor(n: number) {
    this.#peers = Array.from({ length: n }, () => ({
      lastTick: null,
      meanGap: STATUS_IDLE_TICKS,
      variance: 0,
    }))
  }

  /** A message of this peer came in. */
  heard(peer: ReplicaId, tick: number): void {
    const known = this.#peers[peer]
    if (known === undefined || tick === known.lastTick) return
    const gap = Math.min(tick - (known.lastTick ?? tick), GAP_TICKS_MAX)
    const isFirst = known.lastTick === null
    known.lastTick = tick
    if (isFirst) return
    const surprise = gap - known.meanGap
    known.meanGap += LEARNING_RATE * surprise
    known.variance += LEARNING_RATE * (surprise * surprise - known.variance)
  }

  /** -log10 of how likely so long a silence is for a peer that is alive. */
  phi(peer: ReplicaId, tick: number): number {
    const known = this.#peers[peer]
    if (known === undefined || known.lastTick === null) return 0
    // A busy peer that falls idle still sends its heartbeats, and no more.
    const mean = Math.max(known.meanGap, STATUS_IDLE_TICKS)
    const deviation = Math.max(Math.sqrt(known.variance), DEVIATION_TICKS_MIN)
    const distance = (tick - known.lastTick - mean) / deviation
    // The logistic approximation of the normal distribution's tail.
    const exponent = distance * (1.5976 + 0.070566 * distance * distance)
    return exponent > 0 ? (exponent + Math.log1p(Math.exp(-exponent))) / Math.LN10 : 0
  }

  isSuspected(peer: ReplicaId, tick: number): boolean {
    return this.phi(peer, tick) > PHI_MAX
  }
}
