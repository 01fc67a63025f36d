/** The counted costs of one decision; null where a figure was not measured apart. */
export interface Counts {
  readonly messages: number
  readonly bytes: number
  readonly signaturesMade: number
  readonly signaturesChecked: number
  /** MACs inside messages: the store's in oral mode. */
  readonly macsMade: number
  readonly macsChecked: number
  /** MACs behind the frames of links, made and checked. */
  readonly tagsMade: number
  readonly tagsChecked: number
  readonly hashes: number | null
  /** Messages in the longest chain of causes; where there are rounds, the round of the last decision. */
  readonly rounds: number | null
  /** Of all processes together. */
  readonly cpuMicroseconds: number | null
}

/** Processor time so far, in microseconds; from outside, for what runs here knows no clock. */
export type Stopwatch = () => number

export interface Measured {
  readonly protocol: string
  readonly n: number
  readonly f: number
  /** The convention by which it was counted. */
  readonly convention: string
  readonly counts: Counts
}

/** One decision as it happened, with Lamport's clock on every event. */
export interface CostTrace {
  readonly protocol: string
  /** The processes that took part. */
  readonly lanes: readonly string[]
  readonly arrows: readonly {
    /** Indexes of lanes. */
    readonly from: number
    readonly to: number
    readonly sentAt: number
    /** Null where it never arrived. */
    readonly receivedAt: number | null
    /** The round, or what kind of message it is: counts from 0. */
    readonly phase: number
    readonly says: string
  }[]
  readonly decisions: readonly { readonly lane: number; readonly at: number; readonly says: string }[]
}
