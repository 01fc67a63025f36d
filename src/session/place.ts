/**
 * Where the timestamps of a client stand, as replicas say (rule 1.8). A session learns it before it uses one: the counter
 * of its key may be lost, restored or copied. It goes on asking, and is told when another process uses its key.
 */
import type { ReplicaId } from '../base/ids.ts'
import { quorum, rankedLargest, weakQuorum } from '../base/quorum.ts'
import type { Place } from '../messages/message.ts'

/** Ticks between two questions while the place is not known, and once it is. */
const ASK_TICKS = 20
const ASK_AGAIN_TICKS = 100
/** Ticks for which what a replica said of other processes counts. */
const SAID_TICKS = 3 * ASK_AGAIN_TICKS

interface Said {
  /** t*. */
  readonly timestamp: number
  readonly isShared: boolean
  readonly tick: number
}

export interface PlaceState {
  readonly n: number
  /** What each replica said last since the place was last in doubt. */
  readonly said: (Said | null)[]
  /** What each replica wants to hear with the next question: it shows that this process is alive. */
  readonly tokens: number[]
  isKnown: boolean
  nextAskTick: number
  /** Until then another process is taken to use the key. */
  sharedUntil: number
}

export function createPlaceState(n: number): PlaceState {
  return {
    n,
    said: new Array<Said | null>(n).fill(null),
    tokens: new Array<number>(n).fill(0),
    isKnown: false,
    nextAskTick: 0,
    sharedUntil: 0,
  }
}

/** Returns whether every replica is to be asked now. */
export function isAskDue(place: PlaceState, ticks: number): boolean {
  if (ticks < place.nextAskTick) return false
  place.nextAskTick = ticks + (place.isKnown ? ASK_AGAIN_TICKS : ASK_TICKS)
  return true
}

/**
 * Takes an answer. Returns the highest timestamp that W of at least Q replicas have executed: f liars cannot raise it, and
 * f + 1 correct ones are among Q. Null until Q answered.
 */
export function notePlace(place: PlaceState, answer: Place, ticks: number): number | null {
  const { timestamp, isShared, sender, token } = answer
  place.tokens[sender] = token
  place.said[sender] = { timestamp, isShared, tick: ticks }
  const weak = weakQuorum(place.n)
  const sharers = place.said.filter((each) => each?.isShared === true && ticks - each.tick <= SAID_TICKS)
  if (sharers.length >= weak) noteShared(place, ticks)
  const timestamps = place.said.map((each) => each?.timestamp ?? -1)
  if (timestamps.filter((each) => each >= 0).length < quorum(place.n)) return null
  return rankedLargest(timestamps, weak)
}

/** Another process uses the key, at this moment. */
export function noteShared(place: PlaceState, ticks: number): void {
  place.sharedUntil = ticks + SAID_TICKS
}

/** A timestamp was refused: what was learnt is over, and no other one is used until the place is learnt anew. */
export function doubtPlace(place: PlaceState, ticks: number): void {
  place.isKnown = false
  place.said.fill(null)
  place.nextAskTick = ticks
  noteShared(place, ticks)
}

export const isShared = ({ sharedUntil }: PlaceState, ticks: number): boolean => ticks < sharedUntil

/** What a question to this replica carries of its last answer. */
export const tokenFor = ({ tokens }: PlaceState, replica: ReplicaId): number => tokens[replica] ?? 0
