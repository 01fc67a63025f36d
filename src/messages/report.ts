/**
 * INQUIRY: a client asks a replica for its report; payload `[nonce]`. REPORT answers on its sender's link; payload
 * `[sender, nonce, the fields of ReplicaReport in their order]`.
 */
import type { Milliseconds, ReplicaId, Sequence, View } from '../base/ids.ts'
import { REPLICAS_MAX } from '../base/quorum.ts'
import { type Codec, type Decoder, NO_BODY } from './codec.ts'
import type { FieldReader } from './fields.ts'
import type { Payload } from './payload.ts'
import { type ContentOf, type Received, withoutBody } from './received.ts'
import { rejection } from './rejection.ts'
import { COMPLAINTS, type Complaint } from './status.ts'

/**
 * The states of a replica, in the order of their numbers on the wire. `transferring`: it fetches the state of a
 * checkpoint. `amnesiac`: it lost synced data and does not vote until it is healed (rule 6.4). `diverged`: its state
 * differed from that of a quorum, which it fetches. `recalling`: it has just started, asks the others for its own
 * messages, and does not vote before they answer.
 */
export const REPLICA_CONDITIONS = ['voting', 'transferring', 'amnesiac', 'diverged', 'recalling'] as const
export type ReplicaCondition = (typeof REPLICA_CONDITIONS)[number]

/**
 * The reasons of a cut-off, in the order of their numbers: its messages fail their checks, or it sends far more than is
 * useful.
 */
export const CUT_OFF_REASONS = ['fails-checks', 'floods'] as const
export type CutOffReason = (typeof CUT_OFF_REASONS)[number]

/** A replica whose messages are not accepted for a while, and the number of its cut-offs. */
export interface CutOff {
  readonly id: ReplicaId
  readonly because: CutOffReason
  readonly times: number
}

/** A replica that another one skips as primary for a while. */
export interface Blacklisted {
  readonly replica: ReplicaId
  readonly complaint: Complaint
}

/** A replica's report on itself. No other replica vouches for it. */
export interface ReplicaReport {
  readonly view: View
  /** False between two views. */
  readonly isActive: boolean
  readonly condition: ReplicaCondition
  readonly lowWatermark: Sequence
  readonly lastExecuted: Sequence
  /** The store's revision. */
  readonly revision: number
  /** The number of requests that wait to be executed. */
  readonly waiting: number
  /** The time since when the oldest waiting request is overdue, on the replica's clock; 0 if it is not. */
  readonly stalledSince: Milliseconds
  /** The replicas to which it has a link, itself included. */
  readonly reachable: readonly ReplicaId[]
  /** The replicas that did not vote on the oldest open sequence number; empty if none is open. */
  readonly missing: readonly ReplicaId[]
  /** The replicas that its failure detector suspects. */
  readonly suspected: readonly ReplicaId[]
  /** The replicas against which it holds evidence. */
  readonly guilty: readonly ReplicaId[]
  /** The replicas that it has cut off, and the number of clients. */
  readonly cutOff: readonly CutOff[]
  readonly cutOffClients: number
  /** The replicas that it skips as primary, and why. */
  readonly blacklisted: readonly Blacklisted[]
  /** The longest time that its event loop received nothing because of its own work, in milliseconds. */
  readonly eventLoopDelayMs: number
}

export interface Inquiry extends Received {
  readonly kind: 'inquiry'
  readonly nonce: number
}

export interface Report extends Received {
  readonly kind: 'report'
  readonly sender: ReplicaId
  readonly nonce: number
  readonly report: ReplicaReport
}

export type ReportContent = ContentOf<Report>

export const inquiryCodec: Decoder<Inquiry> = {
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({ kind: 'inquiry', nonce: fields.integer(), ...received })),
}

export const reportCodec: Codec<Report> = {
  encode: ({ nonce, report }, sender) => ({ payload: [sender, nonce, ...itemsOf(report)], body: NO_BODY }),
  decode: (frame) =>
    withoutBody(frame, (fields, received) => {
      const sender = fields.integer<ReplicaId>()
      const nonce = fields.integer()
      const report = decodeReport(fields)
      return report === null
        ? rejection('payload-shape')
        : { kind: 'report', sender, nonce, report, ...received }
    }),
}

const itemsOf = (report: ReplicaReport): Payload => [
  report.view,
  Number(report.isActive),
  REPLICA_CONDITIONS.indexOf(report.condition),
  report.lowWatermark,
  report.lastExecuted,
  report.revision,
  report.waiting,
  report.stalledSince,
  report.reachable,
  report.missing,
  report.suspected,
  report.guilty,
  report.cutOff.map(({ id, because, times }) => [id, CUT_OFF_REASONS.indexOf(because), times]),
  report.cutOffClients,
  report.blacklisted.map(({ replica, complaint }) => [replica, COMPLAINTS.indexOf(complaint)]),
  report.eventLoopDelayMs,
]

/** Reads the fields that `itemsOf` writes; null if one of them has an invalid value. */
function decodeReport(fields: FieldReader): ReplicaReport | null {
  const view = fields.integer<View>()
  const isActive = fields.flag()
  const condition = REPLICA_CONDITIONS[fields.integer()]
  if (condition === undefined) return null
  const report = {
    view,
    isActive,
    condition,
    lowWatermark: fields.integer<Sequence>(),
    lastExecuted: fields.integer<Sequence>(),
    revision: fields.integer(),
    waiting: fields.integer(),
    stalledSince: fields.integer<Milliseconds>(),
    reachable: fields.integers<ReplicaId>(REPLICAS_MAX),
    missing: fields.integers<ReplicaId>(REPLICAS_MAX),
    suspected: fields.integers<ReplicaId>(REPLICAS_MAX),
    guilty: fields.integers<ReplicaId>(REPLICAS_MAX),
    cutOff: decodeCutOff(fields),
    cutOffClients: fields.integer(),
  }
  const blacklisted = decodeBlacklisted(fields)
  return blacklisted === null ? null : { ...report, blacklisted, eventLoopDelayMs: fields.integer() }
}

/** Reads pairs of a replica and the number of a complaint; null if there is no such complaint. */
function decodeBlacklisted(fields: FieldReader): readonly Blacklisted[] | null {
  const blacklisted: Blacklisted[] = []
  for (const [replica, number, ...more] of fields.integerLists({ lists: REPLICAS_MAX, each: 2 })) {
    const complaint = COMPLAINTS[number ?? COMPLAINTS.length]
    if (replica === undefined || complaint === undefined || more.length > 0) return null
    blacklisted.push({ replica: replica as ReplicaId, complaint })
  }
  return blacklisted
}

/** The number of fields: a replica's id, the reason, and the number of cut-offs. */
const CUT_OFF_FIELDS = 3

function decodeCutOff(fields: FieldReader): readonly CutOff[] {
  const lists = fields.integerLists({ lists: REPLICAS_MAX, each: CUT_OFF_FIELDS })
  return lists.map(([id = 0, reason = 0, times = 0]) => ({
    id: id as ReplicaId,
    because: CUT_OFF_REASONS[reason] ?? 'floods', // may come from a newer replica; it is only displayed
    times,
  }))
}
