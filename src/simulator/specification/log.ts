/**
 * The promises of a replica: the contents of its log, with the position of each record, which decides what survives a
 * crash.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { Sequence, View } from '../../base/ids.ts'
import { rankedLargest } from '../../base/quorum.ts'
import type { Batch, Request } from '../../messages/message.ts'
import type { Choice } from '../../messages/new-view.ts'
import type { OrderClaim } from '../../messages/oral/message.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { AnyNewView, LogRecord } from '../../pbft/effects.ts'
import { placeKey } from '../checkers/votes-seen.ts'
import { nameOf, type Place } from './heard.ts'

export interface LoggedPlace extends Place {
  readonly position: number
}

/** A limit on unsynced votes: in this view, up to this sequence number. */
export interface VoteLimitRecord {
  readonly view: View
  readonly upTo: Sequence
  readonly position: number
}

/** True if a limit covers this place. */
export const isWithin = (
  { view, upTo }: VoteLimitRecord,
  place: { readonly view: View; readonly sequence: Sequence },
): boolean => place.view === view && place.sequence <= upTo

export class Log {
  readonly records: { readonly record: LogRecord; readonly position: number }[] = []
  /** The replica's own proposals and the accepted pre-prepares, by (v, s). */
  readonly ordered = new Map<number, LoggedPlace>()
  /** P: the certificate of the highest view. */
  readonly prepared = new Map<Sequence, LoggedPlace>()
  /**
   * Each digest that was pre-prepared here, with its latest view. Batches that a NEW-VIEW chose may still be missing.
   */
  readonly prePrepared = new Map<Sequence, OrderClaim[]>()
  readonly batches = new Map<string, number>()
  readonly decided = new Map<Sequence, LoggedPlace>()
  /** Decisions that order a recovery operation. */
  readonly decisions: (Place & { readonly batch: Batch })[] = []
  /** The replica's own recovery operation. */
  recovery: Request | null = null
  readonly roots = new Map<Sequence, { readonly root: Uint8Array; readonly position: number }>()
  readonly acknowledged = new Map<string, { readonly digest: Uint8Array; readonly position: number }>()
  /** h, as the replica took it. */
  low = 0 as Sequence
  view = 0 as View
  isActive = true
  /** The record of the last view change or entered view. */
  viewPosition = -1
  leftForPosition: number | undefined
  /** By view, the positions of all VIEW-CHANGEs. */
  readonly leftFor = new Map<View, number>()
  /** The replica's own VIEW-CHANGE. */
  leftWith: (LogRecord & { readonly kind: 'view-change' })['content'] | null = null
  /** The choices that the NEW-VIEW of the view binds, up to this sequence number. */
  bound = new Map<Sequence, Uint8Array>()
  boundUpTo = 0 as Sequence
  /** The checkpoints of all entered NEW-VIEWs without signatures, each of which W replicas hold. */
  readonly floors: { readonly sequence: Sequence; readonly root: Uint8Array }[] = []
  /** The limits on unsynced votes, in the order of the log. */
  readonly limits: VoteLimitRecord[] = []
  /** The first view in which a replica that forgot its messages takes part again; null if it forgot nothing. */
  healedIn: View | null = null

  append(record: LogRecord, position: number): void {
    this.records.push({ record, position })
    switch (record.kind) {
      case 'proposed': {
        const { view, sequence, batch } = record.content
        return this.#order({ view, sequence, digest: batch.digest, position })
      }
      case 'accepted':
        return this.#order({ ...placeOf(record.prePrepare), position })
      case 'prepared': {
        const { sequence, view, digest } = record.certificate.prePrepare
        const before = this.prepared.get(sequence)
        if (before !== undefined && before.view > view) return
        this.prepared.set(sequence, { view, sequence, digest, position })
        return
      }
      case 'batch':
        return this.#keep(record.batch.digest, position)
      case 'decided': {
        const [commit] = record.commits
        if (commit === undefined) return
        if (!record.isBatchLogged) this.#keep(record.batch.digest, position)
        const isRecovery = record.batch.requests.some(({ timestamp }) => timestamp === 0)
        if (isRecovery) this.decisions.push({ ...placeOf(commit), batch: record.batch })
        if (!this.decided.has(commit.sequence))
          this.decided.set(commit.sequence, { ...placeOf(commit), position })
        return
      }
      case 'checkpoint':
        this.roots.set(record.sequence, { root: record.root, position })
        return
      case 'stable':
        this.low = Math.max(this.low, record.stable.sequence) as Sequence
        return
      case 'view-change':
        this.leftForPosition = position
        this.leftFor.set(record.content.view, position)
        this.leftWith = record.content
        return this.#enter(record.content.view, false, position)
      case 'new-view-made': {
        const { content } = record
        if (content.kind === 'oral-new-view') this.floors.push(content.checkpoint)
        const base =
          content.kind === 'oral-new-view' ? content.checkpoint.sequence : baseOf(content.viewChanges)
        return this.#bind(content.view, base, content.choices, position)
      }
      case 'new-view': {
        const { view } = record.newView
        if (record.newView.kind === 'oral-new-view') this.floors.push(record.newView.checkpoint)
        const { base, choices } = choiceOf(record.newView)
        return this.#bind(view, base, choices, position)
      }
      case 'acknowledged': {
        const key = `${record.view} ${record.of}`
        if (!this.acknowledged.has(key)) this.acknowledged.set(key, { digest: record.digest, position })
        return
      }
      case 'vote-limit':
        this.limits.push({ view: record.view, upTo: record.upTo, position })
        return
      case 'recovery':
        this.recovery = record.request
        return
      case 'healed':
        this.healedIn = record.view
        if (record.view > this.view) this.#enter(record.view, false, position)
        return
    }
  }

  #enter(view: View, isActive: boolean, position: number): void {
    this.view = view
    this.isActive = isActive
    this.viewPosition = position
    this.bound = new Map()
  }

  #bind(view: View, base: Sequence, choices: readonly Choice[], position: number): void {
    this.#enter(view, true, position)
    this.bound = new Map(choices.map(({ sequence, digest }) => [sequence, digest]))
    this.boundUpTo = Math.max(base, ...this.bound.keys()) as Sequence
    for (const choice of choices) this.#claim({ ...choice, view })
  }

  #order(place: LoggedPlace): void {
    const { view, sequence, digest, position } = place
    this.ordered.set(placeKey({ kind: 'pre-prepare', view, sequence }), place)
    this.#keep(digest, position)
    this.#claim({ view, sequence, digest })
  }

  #keep(digest: Uint8Array, position: number): void {
    const name = nameOf(digest)
    if (!this.batches.has(name)) this.batches.set(name, position)
  }

  #claim(claim: OrderClaim): void {
    const others = this.prePrepared
      .get(claim.sequence)
      ?.filter(({ digest }) => !equalBytes(digest, claim.digest))
    this.prePrepared.set(claim.sequence, [...(others ?? []), claim])
  }
}

export const placeOf = ({ view, sequence, digest }: Place): Place => ({ view, sequence, digest })

/** minSeq: the highest h of these. */
export const baseOf = (
  viewChanges: readonly { readonly stable: { readonly sequence: Sequence } }[],
): Sequence => rankedLargest([0 as Sequence, ...viewChanges.map(({ stable }) => stable.sequence)], 1)

/** The base of a NEW-VIEW and its choices. */
export function choiceOf(newView: AnyNewView): {
  readonly base: Sequence
  readonly choices: readonly Choice[]
} {
  if (newView.kind === 'oral-new-view') return { base: newView.checkpoint.sequence, choices: newView.choices }
  if (isRejection(newView.contents)) return { base: 0 as Sequence, choices: [] }
  const { viewChanges, prePrepares } = newView.contents
  return { base: baseOf(viewChanges), choices: prePrepares }
}
