/** Sections 1 and 6: the conditions under which a replica may propose, vote, decide and execute. */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence, View } from '../../base/ids.ts'
import { primaryOf } from '../../base/quorum.ts'
import type { PrePrepareContent } from '../../messages/content.ts'
import { BATCH_BYTES_MAX, BATCH_REQUESTS_MAX } from '../../messages/limits.ts'
import type { Batch, Vote } from '../../messages/message.ts'
import { isClaimed } from '../../messages/oral/inferred-messages.ts'
import { CLOCK_SKEW_MS_MAX, REQUEST_TIMEOUT_TICKS } from '../../pbft/parameters.ts'
import { placeKey, type SeenVote, shortDigest } from '../checkers/votes-seen.ts'
import type { Place } from './heard.ts'
import type { Memory } from './memory.ts'

/** The first of these faults; null if there is none. */
export const first = (...faults: readonly (string | null | false)[]): string | null =>
  faults.find((fault): fault is string => typeof fault === 'string') ?? null

const keyOf = ({ view, sequence }: Place): number => placeKey({ kind: 'pre-prepare', view, sequence })

const isOf = (place: Place | undefined, digest: Uint8Array): boolean =>
  place !== undefined && equalBytes(place.digest, digest)

/** A replica sends nothing in a view that it has left, or that has not yet begun. @rule 1.2 3.4 7.8 */
const notInView = ({ log }: Memory, view: View): string | null =>
  view === log.view && log.isActive ? null : `it is ${log.isActive ? 'in' : 'on its way to'} view ${log.view}`

/** h < s <= H. @rule 1.2 2.2 */
const outsideWindow = ({ log, high }: Memory, s: Sequence): string | null =>
  s > log.low && s <= high ? null : `the window is ${log.low} to ${high}`

/** The batch that the NEW-VIEW of its view chose here: null for another one, undefined if none is chosen. @rule 3.4 */
function unlikeChoice({ log }: Memory, { sequence, digest }: Place): string | null {
  if (sequence > log.boundUpTo) return null
  const choice = log.bound.get(sequence)
  if (choice !== undefined && equalBytes(choice, digest)) return null
  return `the NEW-VIEW chose ${choice === undefined ? 'nothing' : shortDigest(choice)}`
}

/** A new proposal of its own. @rule 1.1 1.2 1.10 3.4 6.2 */
export function proposalFault(me: Memory, { view, sequence, batch }: PrePrepareContent): string | null {
  const { log, config } = me
  const place = { view, sequence, digest: batch.digest }
  const before = [...log.ordered.values()].filter((each) => each.view === view).map((each) => each.sequence)
  // An executed batch was decided, possibly in a later view, if the primary did not learn that its own view has ended.
  const next = Math.max(log.low, log.boundUpTo, me.executed, ...before) + 1
  return first(
    primaryOf(view, config.n) !== config.id && 'it is not the primary',
    notInView(me, view),
    outsideWindow(me, sequence),
    log.ordered.has(keyOf(place)) && 'it proposed there before',
    sequence !== next && `${next} is the next one`,
    batch.time > me.now && 'its clock has not reached that time',
    batch.requests.length === 0 && batch.time > 0 && !isTimeDue(me) && 'no lease is due',
    batch.requests.some(({ digest }) => !me.heard.hasRequest(digest)) && 'nobody asked for what is in it',
    batch.requests.length > BATCH_REQUESTS_MAX && 'it has too many requests',
    batch.bytes.length > BATCH_BYTES_MAX && 'it is too large',
  )
}

/** True if a lease of the executed state has expired by the replica's own clock. @rule 1.9 */
const isTimeDue = ({ nextExpiry, now }: Memory): boolean => nextExpiry !== null && nextExpiry <= now

/** A pre-prepare that it accepts. @rule 1.2 3.4 */
export function acceptanceFault(me: Memory, place: Place, batch: Batch): string | null {
  const { log, config } = me
  const primary = primaryOf(place.view, config.n)
  const before = log.ordered.get(keyOf(place))
  return first(
    // A replica that forgot its proposal accepts it from others, and does not vote.
    primary === config.id && !me.isAmnesiac && 'it is the primary itself',
    notInView(me, place.view),
    outsideWindow(me, place.sequence),
    before !== undefined && !isOf(before, place.digest) && `it took ${shortDigest(before.digest)} there`,
    !me.heard.said('pre-prepare', primary, place) && 'the primary did not say so',
    unlikeChoice(me, place),
    !isDecided(me, place) && primary !== config.id && untimelyFault(me, batch),
  )
}

/** True if nothing depends on this replica's vote: Q committed it, or others show, or W claim, that it is decided. */
const isDecided = (me: Memory, place: Place): boolean =>
  isOf(me.log.decided.get(place.sequence), place.digest) ||
  me.heard.saying('commit', place).length >= me.q ||
  new Set(claimants(me, place)).size >= (me.isOral ? me.w : 1)

/** A proposed time is ahead by the skew at most, and late by it at most for each 500 ms of T. @rule 1.2 */
function untimelyFault({ now, timeoutTicks }: Memory, { time, requests }: Batch): string | null {
  const late = now - time
  if (-late > CLOCK_SKEW_MS_MAX) return `its time is ${-late} ms ahead`
  const isLate = requests.length > 0 && late > CLOCK_SKEW_MS_MAX * (timeoutTicks / REQUEST_TIMEOUT_TICKS)
  return isLate ? `its time is ${late} ms late, and T is ${timeoutTicks} ticks` : null
}

/** An entry of P. @rule 1.3 1.4 */
export function preparedFault(me: Memory, place: Place, prepares: readonly Vote[]): string | null {
  const primary = primaryOf(place.view, me.config.n)
  const voters = new Set(me.heard.saying('prepare', place).filter((id) => id !== primary))
  const counted = new Set(prepares.map(({ sender }) => sender))
  return first(
    notInView(me, place.view),
    !isOrdered(me, place) && 'it did not take it from the primary',
    counted.size < me.q - 1 && `${counted.size} voted, and ${me.q - 1} must`,
    [...counted].some((id) => !voters.has(id)) && 'some of them did not vote so',
  )
}

/** True if the log holds it as pre-prepared: its own, one that it took, or a choice of the NEW-VIEW. */
const isOrdered = ({ log }: Memory, place: Place): boolean =>
  isOf(log.ordered.get(keyOf(place)), place.digest) ||
  (place.view === log.view && equalBytes(log.bound.get(place.sequence) ?? new Uint8Array(0), place.digest))

/** A proposal or a vote that it sends. @rule 1.2 1.3 1.4 6.2 7.5 */
export function voteFault(me: Memory, vote: SeenVote): string | null {
  const { log, config } = me
  const { kind, view, sequence, digest } = vote
  const earlier = me.voted.get(placeKey(vote))
  const isPrimary = primaryOf(view, config.n) === config.id
  const choice = log.bound.get(sequence)
  const record =
    kind === 'commit'
      ? log.prepared.get(sequence)
      : choice !== undefined
        ? { view: log.view, digest: choice, position: log.viewPosition }
        : log.ordered.get(keyOf(vote))
  const isUnsynced = kind !== 'commit' && me.mayVoteUnsynced(vote)
  const fault = first(
    me.isAmnesiac && 'it forgot what it said',
    notInView(me, view),
    sequence > me.high && `H is ${me.high}`,
    kind !== 'commit' && isPrimary !== (kind === 'pre-prepare') && 'that is for the other role',
    earlier !== undefined && !equalBytes(earlier, digest) && `it said ${shortDigest(earlier)} there`,
    kind !== 'commit' &&
      earlier === undefined &&
      me.mayHaveForgotten(vote) &&
      'it may have voted there before its start',
    (record?.view !== view || !equalBytes(record.digest, digest)) && 'its log does not hold what makes it so',
    !isUnsynced && !me.isSynced(record?.position) && 'what makes it so is not on disk',
    log.viewPosition >= 0 && !me.isSynced(log.viewPosition) && 'the NEW-VIEW is not on disk',
    !isUnsynced && !me.holdsBatch(digest) && 'the batch is not on disk',
    !me.hasBatch(digest) && 'it does not have the batch',
  )
  if (fault === null) me.voted.set(placeKey(vote), digest)
  return fault
}

/** A decision: by Q COMMITs, or in oral mode by W replicas that report it. @rule 1.4 4.8 */
export function decisionFault(me: Memory, batch: Batch, commits: readonly Vote[]): string | null {
  const [one] = commits
  if (one === undefined) return 'nobody committed it'
  const voters = new Set(commits.map(({ sender }) => sender))
  const isClaim = me.isOral && isClaimed(commits)
  const heard = new Set(isClaim ? claimants(me, one) : me.heard.saying('commit', one))
  const needed = isClaim ? me.w : me.q
  return first(
    voters.size < needed && `${voters.size} committed, and ${needed} must`,
    [...voters].some((id) => !heard.has(id)) && 'some of them did not say so',
    !equalBytes(batch.digest, one.digest) && 'they committed another batch',
  )
}

const claimants = ({ heard }: Memory, { sequence, digest }: Place) =>
  heard.decisions
    .filter((each) => each.sequence === sequence && equalBytes(each.digest, digest))
    .map(({ sender }) => sender)

/** Batches are executed in order, and only decided ones. @rule 1.6 */
export function executionFault(me: Memory, sequence: Sequence, digest: Uint8Array): string | null {
  // After a start, the stored state is known by the batches executed on top of it.
  const isNext = me.isStarting ? isStored(me, sequence - 1) : sequence === me.executed + 1
  return first(
    !isNext && `${me.executed + 1} is the next one`,
    !isOf(me.log.decided.get(sequence), digest) && 'it was not decided',
  )
}

/** A crash may come after the state was stored, and before its log says so. */
const isStored = ({ log, storable, config }: Memory, sequence: number): boolean =>
  sequence <= Math.max(log.low, storable) && sequence % config.checkpointInterval === 0
