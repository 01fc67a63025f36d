/**
 * A failure detector that suspects silent peers: a phi accrual detector (Hayashibara et al., SRDS 2004). It learns the
 * usual gap between two messages of a peer. STATUS, sent at a fixed rate, is the heartbeat when nothing else is sent. A
 * suspicion may end a view early and is shown in reports. It changes no quorum.
 * @rule 3.11
 */
import type { ReplicaId } from '../../base/ids.ts'
import { STATUS_IDLE_TICKS } from '../parameters.ts'

/** The threshold: a silence with a probability below 10^-8, given the learned gaps, is suspicious. */
const PHI_MAX = 8
/** The weight of a new gap in the learned mean and variance. */
const LEARNING_RATE = 1 / 32
/** The smallest standard deviation assumed, in ticks: clocks and event loops are never more precise than that. */
const DEVIATION_TICKS_MIN = 3
/** The longest gap that is learned, in ticks: an outage says nothing about the gaps after it. */
const GAP_TICKS_MAX = 100

interface Heard {
  /** Null before the first message: a replica that has just started has no reason to suspect a peer. */
  lastTick: number | null
  meanGap: number
  variance: number
}

/** The heartbeats that a live peer sends: one in `usualTicks`, from the tick `since` on. */
export interface Silence {
  readonly usualTicks?: number
  readonly since?: number
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

  /**
   * Notes that a message of this peer arrived. Learns how long it was silent since the tick `since`, from which on it
   * was expected to send heartbeats; with null, learns nothing.
   */
  heard(peer: ReplicaId, tick: number, since: number | null = 0): void {
    const known = this.#peers[peer]
    if (known === undefined || tick === known.lastTick) return
    const { lastTick } = known
    known.lastTick = tick
    if (lastTick === null || since === null || since >= tick) return
    const gap = Math.min(tick - Math.max(lastTick, since), GAP_TICKS_MAX)
    const surprise = gap - known.meanGap
    known.meanGap += LEARNING_RATE * surprise
    known.variance += LEARNING_RATE * (surprise * surprise - known.variance)
  }

  /** Returns -log10 of the probability that a live peer is silent for this long. */
  phi(peer: ReplicaId, tick: number, { usualTicks = STATUS_IDLE_TICKS, since = 0 }: Silence = {}): number {
    const known = this.#peers[peer]
    if (known === undefined || known.lastTick === null) return 0
    // A busy peer that becomes idle sends heartbeats only.
    const mean = Math.max(known.meanGap, usualTicks)
    const deviation = Math.max(Math.sqrt(known.variance), DEVIATION_TICKS_MIN)
    const distance = (tick - Math.max(known.lastTick, since) - mean) / deviation
    // The logistic approximation of the normal distribution's tail.
    const exponent = distance * (1.5976 + 0.070566 * distance * distance)
    return exponent > 0 ? (exponent + Math.log1p(Math.exp(-exponent))) / Math.LN10 : 0
  }

  isSuspected(peer: ReplicaId, tick: number, silence?: Silence): boolean {
    return this.phi(peer, tick, silence) > PHI_MAX
  }
}
