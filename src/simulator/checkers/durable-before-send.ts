import type { ReplicaId } from '../../base/ids.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { Checker, SeenStep } from './checker.ts'
import { placeKey, type SeenVote, shortDigest, type VoteKind, voteOfEffect } from './votes-seen.ts'

/** What must be on disk before a message of each kind leaves. */
const NEEDED: Readonly<Record<VoteKind, string>> = {
  'pre-prepare': 'its proposal',
  prepare: 'the accepted pre-prepare',
  commit: 'the prepared certificate',
}

/**
 * 11. Durable before send: a PRE-PREPARE, PREPARE or COMMIT leaves only when the record it depends on is synced, so
 * that no crash makes a replica forget what it said.
 */
export function durableBeforeSend(): Checker {
  /** Per replica, the position in its log of the record that each of its messages depends on. */
  const positions = new Map<ReplicaId, Map<string, number>>()
  return {
    invariant: 11, // PBFT-7.11
    name: 'durable before send',
    onStep(seen) {
      const { replica, isRecovering, effects, syncedRecords } = seen
      if (isRecovering) return null
      const own = positions.get(replica) ?? new Map<string, number>()
      positions.set(replica, own)
      let position = seen.appendedRecords
      for (const effect of effects) {
        if (effect.kind === 'persist') {
          for (const message of dependsOn(seen, effect)) own.set(message, position)
          position++
          continue
        }
        const vote = voteOfEffect(effect, replica)
        if (vote === null || vote.sender !== replica) continue
        const needed = own.get(keyOf(vote))
        if (needed !== undefined && needed < syncedRecords) continue
        const { kind, view, sequence } = vote
        const why = needed === undefined ? 'was never logged' : 'is not yet synced'
        return `sent ${kind} in view ${view} at ${sequence}, but ${NEEDED[kind]} ${why}`
      }
      return null
    },
    onCrash({ replica, survivingRecords }) {
      const own = positions.get(replica)
      for (const [key, position] of own ?? []) if (position >= survivingRecords) own?.delete(key)
      return null
    },
  }
}

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
    case 'new-view-made': {
      const { view, choices } = record.content
      return choices.map(({ sequence, digest }) =>
        keyOf({ kind: 'pre-prepare', sender: replica, view, sequence, digest }),
      )
    }
    case 'new-view': {
      // Its choices may be voted for once it is synced.
      const { contents } = record.newView
      if (isRejection(contents)) return []
      return contents.prePrepares.map(({ view, sequence, digest }) =>
        keyOf({ kind: 'prepare', sender: replica, view, sequence, digest }),
      )
    }
    default:
      return []
  }
}

const keyOf = (vote: SeenVote): string => `${placeKey(vote)}:${shortDigest(vote.digest)}`
