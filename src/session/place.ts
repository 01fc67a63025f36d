/**
 * The place of a client's timestamps, as replicas report it (rule 1.8). A session learns it before it uses a timestamp,
 * because the counter of its key may be lost, restored or copied. It asks again at intervals, and so learns if another
 * process uses its key.
 */
import type { ReplicaId } from '../base/ids.ts'
import { quorum, rankedLargest, weakQuorum } from '../base/quorum.ts'
import type { Place } from '../messages/message.ts'

/** The ticks between two questions before the place is known, and after. */
const ASK_TICKS = 20
const ASK_AGAIN_TICKS = 100
/** The ticks for which a replica's report of another process counts. */
const SAID_TICKS = 3 * ASK_AGAIN_TICKS

interface ReportedPlace {
  /** t*. */
  readonly timestamp: number
  readonly isShared: boolean
  readonly tick: number
}

export interface PlaceState {
  readonly n: number
  /** The last report of each replica since the place was last unknown. */
  readonly reported: (ReportedPlace | null)[]
  /** The token that each replica expects with the next question. It shows that this process is alive. */
  readonly tokens: number[]
  isKnown: boolean
  nextAskTick: number
  /** The tick until which another process is assumed to use the key. */
  sharedUntil: number
}

export function createPlaceState(n: number): PlaceState {
  return {
    n,
    reported: new Array<ReportedPlace | null>(n).fill(null),
    tokens: new Array<number>(n).fill(0),
    isKnown: false,
    nextAskTick: 0,
    sharedUntil: 0,
  }
}

/** True if every replica must be asked now. Notes the question as asked. */
export function isAskDue(place: PlaceState, ticks: number): boolean {
  if (ticks < place.nextAskTick) return false
  place.nextAskTick = ticks + (place.isKnown ? ASK_AGAIN_TICKS : ASK_TICKS)
  return true
}

/**
 * Notes an answer. Returns the highest timestamp that W of at least Q replicas have executed: f faulty replicas cannot
 * raise it, and Q include f + 1 correct ones. Returns null until Q have answered.
 */
export function notePlace(place: PlaceState, answer: Place, ticks: number): number | null {
  const { timestamp, isShared, sender, token } = answer
  place.tokens[sender] = token
  place.reported[sender] = { timestamp, isShared, tick: ticks }
  const weak = weakQuorum(place.n)
  const sharers = place.reported.filter((each) => each?.isShared === true && ticks - each.tick <= SAID_TICKS)
  if (sharers.length >= weak) noteShared(place, ticks)
  const timestamps = place.reported.map((each) => each?.timestamp ?? -1)
  if (timestamps.filter((each) => each >= 0).length < quorum(place.n)) return null
  return rankedLargest(timestamps, weak)
}

/** Notes that another process uses the key at this moment. */
export function noteShared(place: PlaceState, ticks: number): void {
  place.sharedUntil = ticks + SAID_TICKS
}

/** Forgets the place after a timestamp was refused. No timestamp is used until the place is learned again. */
export function doubtPlace(place: PlaceState, ticks: number): void {
  place.isKnown = false
  place.reported.fill(null)
  place.nextAskTick = ticks
  noteShared(place, ticks)
}

export const isShared = ({ sharedUntil }: PlaceState, ticks: number): boolean => ticks < sharedUntil

/** Returns the token that the next question to this replica repeats from its last answer. */
export const tokenFor = ({ tokens }: PlaceState, replica: ReplicaId): number => tokens[replica] ?? 0
