import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, Sequence } from '../../base/ids.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { AnyNewView, Effect, LogRecord } from '../../pbft/effects.ts'
import type { VoteLimit } from '../../pbft/ordering/unsynced-votes.ts'
import type { Checker, SeenStep } from './checker.ts'
import { placeKey, type SeenVote, shortDigest, type VoteKind, voteOfEffect } from './votes-seen.ts'

/** The record that must be on disk before a message of each kind leaves. */
const NEEDED: Readonly<Record<VoteKind, string>> = {
  'pre-prepare': 'its proposal',
  prepare: 'the accepted pre-prepare',
  commit: 'the prepared certificate',
}

/**
 * 11. Durable before send: a message is sent only when the record that it depends on is synced, and a vote only when
 * the batch is synced too, so that no crash makes a replica forget a message, or unable to send it again: a replica
 * that counts a vote relies on its sender to have the batch (rule 3.5). With unsynced votes a proposal or PREPARE needs
 * only a synced limit of this start, and none of an earlier one (rule 6.5).
 */
export function durableBeforeSend(): Checker {
  /** Per replica, the log position of the record on which each of its messages depends, and of each batch. */
  const positions = new Map<ReplicaId, Map<string, number>>()
  const limits = new Map<ReplicaId, VoteLimits>()
  return {
    invariant: 11, // @rule 7.11
    name: 'durable before send',
    onStep(seen) {
      const { replica, isRecovering, effects, syncedRecords, state } = seen
      if (isRecovering) return null
      const isSynced = (needed: number | undefined): boolean => needed !== undefined && needed < syncedRecords
      const own = positions.get(replica) ?? new Map<string, number>()
      positions.set(replica, own)
      const within = limits.get(replica) ?? new VoteLimits()
      limits.set(replica, within)
      let position = seen.appendedRecords
      for (const effect of effects) {
        if (effect.kind === 'persist') {
          // A record that is written again before a trim was already on disk.
          const isAgain = effect.record.kind === 'acknowledged'
          for (const message of dependsOn(seen, effect)) {
            if (!isAgain || !own.has(message)) own.set(message, position)
          }
          const batch = batchOf(effect.record)
          if (batch !== null && !own.has(batch)) own.set(batch, position)
          if (effect.record.kind === 'vote-limit') within.add(effect.record, position)
          position++
          continue
        }
        const announced = announcementOf(effect, replica)
        if (announced !== null && !isSynced(own.get(announced))) {
          return `sent ${announced}, but its record ${own.has(announced) ? 'is not yet synced' : 'was never logged'}`
        }
        const vote = voteOfEffect(effect, replica)
        if (vote === null || vote.sender !== replica) continue
        if (vote.kind !== 'commit') {
          if (within.isForgotten(vote)) {
            return `sent ${vote.kind} in view ${vote.view} at ${vote.sequence}, where it may have sent another before its start`
          }
          within.noteSent(vote)
          if (within.isCovered(vote, isSynced)) continue
        }
        const record = own.get(keyOf(vote))
        const isNull = equalBytes(vote.digest, state.nullBatch.digest) // Every replica has it.
        const batch = isNull ? record : own.get(batchKey(vote.digest))
        if (isSynced(record) && isSynced(batch)) continue
        const { kind, view, sequence } = vote
        const [needed, place] = isSynced(record) ? ['its batch', batch] : [NEEDED[kind], record]
        const why = place === undefined ? 'was never logged' : 'is not yet synced'
        return `sent ${kind} in view ${view} at ${sequence}, but ${needed} ${why}`
      }
      return null
    },
    onCrash({ replica, survivingRecords }) {
      const own = positions.get(replica)
      for (const [key, position] of own ?? []) if (position >= survivingRecords) own?.delete(key)
      limits.get(replica)?.restart(survivingRecords)
      return null
    },
  }
}

/** The limits on unsynced votes of one replica: of this start, and of earlier ones. */
class VoteLimits {
  #current: (VoteLimit & { readonly position: number })[] = []
  readonly #earlier: VoteLimit[] = []
  readonly #sent = new Set<string>()

  add({ view, upTo }: VoteLimit, position: number): void {
    this.#current.push({ view, upTo, position })
  }

  noteSent(vote: SeenVote): void {
    this.#sent.add(keyOf(vote))
  }

  isCovered(vote: SeenVote, isSynced: (position: number) => boolean): boolean {
    return this.#current.some((limit) => covers(limit, vote) && isSynced(limit.position))
  }

  /** True if an earlier start may have sent another vote there, and did not send this one. */
  isForgotten(vote: SeenVote): boolean {
    return this.#earlier.some((limit) => covers(limit, vote)) && !this.#sent.has(keyOf(vote))
  }

  restart(survivingRecords: number): void {
    this.#earlier.push(...this.#current.filter(({ position }) => position < survivingRecords))
    this.#current = []
  }
}

const covers = ({ view, upTo }: VoteLimit, vote: SeenVote): boolean =>
  vote.view === view && vote.sequence <= upTo

/** The keys of the messages that may leave once this record is synced. */
function dependsOn(
  { replica, state }: SeenStep,
  { record }: Effect & { readonly kind: 'persist' },
): readonly string[] {
  switch (record.kind) {
    case 'proposed': {
      const { kind, view, sequence, batch } = record.content
      return [keyOf({ kind, sender: replica, view, sequence, digest: batch.digest })]
    }
    case 'accepted': {
      const { view, sequence, digest } = record.prePrepare
      return [keyOf({ kind: 'prepare', sender: replica, view, sequence, digest })]
    }
    case 'prepared': {
      const [first] = record.certificate.prepares
      if (first === undefined) return []
      const { view, sequence, digest } = first
      return [keyOf({ kind: 'commit', sender: state.config.id, view, sequence, digest })]
    }
    case 'checkpoint':
    case 'view-change':
      return [announcement(record.kind === 'checkpoint' ? record : record.content)]
    case 'new-view-made': {
      const { view, choices } = record.content
      const chosen = choices.map(({ sequence, digest }) =>
        keyOf({ kind: 'pre-prepare', sender: replica, view, sequence, digest }),
      )
      return [announcement(record.content), ...chosen]
    }
    case 'acknowledged':
      return [acknowledgement(record)]
    case 'new-view':
      // Its choices may be voted for once it is synced.
      return choicesOf(record.newView).map(({ sequence, digest }) =>
        keyOf({ kind: 'prepare', sender: replica, view: record.newView.view, sequence, digest }),
      )
    default:
      return []
  }
}

/** The choices of a NEW-VIEW, in either mode. */
function choicesOf(
  newView: AnyNewView,
): readonly { readonly sequence: Sequence; readonly digest: Uint8Array }[] {
  if (newView.kind === 'oral-new-view') return newView.choices
  return isRejection(newView.contents) ? [] : newView.contents.prePrepares
}

type Announcement =
  | { readonly kind: 'checkpoint'; readonly sequence: number }
  | {
      readonly kind: 'view-change' | 'new-view' | 'oral-view-change' | 'oral-new-view'
      readonly view: number
    }

const acknowledgement = (said: {
  readonly view: number
  readonly of: number
  readonly digest: Uint8Array
}): string => `acknowledgement ${said.view} of ${said.of} ${shortDigest(said.digest)}`

const announcement = (said: Announcement): string =>
  said.kind === 'checkpoint' ? `checkpoint ${said.sequence}` : `${said.kind} ${said.view}`

/** The own CHECKPOINT, VIEW-CHANGE or NEW-VIEW that this effect sends. */
function announcementOf(effect: Effect, replica: ReplicaId): string | null {
  if (effect.kind !== 'broadcast' && effect.kind !== 'send') return null
  const { outgoing } = effect
  const said = outgoing.kind === 'relayed' ? outgoing.message : outgoing
  switch (said.kind) {
    case 'checkpoint':
    case 'view-change':
    case 'new-view':
    case 'oral-view-change':
    case 'oral-new-view':
      return 'sender' in said && said.sender !== replica ? null : announcement(said)
    case 'view-change-ack':
      return acknowledgement(said)
    default:
      return null
  }
}

/** The key of the batch that this record holds. */
function batchOf(record: LogRecord): string | null {
  switch (record.kind) {
    case 'proposed':
      return batchKey(record.content.batch.digest)
    case 'accepted':
      return batchKey(record.prePrepare.digest)
    case 'batch':
      return batchKey(record.batch.digest)
    case 'decided':
      return record.isBatchLogged ? null : batchKey(record.batch.digest)
    default:
      return null
  }
}

const batchKey = (digest: Uint8Array): string => `batch ${shortDigest(digest)}`

const keyOf = (vote: SeenVote): string => `${placeKey(vote)}:${shortDigest(vote.digest)}`
