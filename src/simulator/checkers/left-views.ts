/**
 * The checkers of left views: a replica sends nothing of its own for them, and once enough replicas have left one,
 * nothing new is decided there.
 */
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { isClaimed } from '../../messages/oral/inferred-messages.ts'
import type { LogRecord } from '../../pbft/effects.ts'
import type { Checker, SeenStep } from './checker.ts'
import { certificatesOfStep, shortDigest, voteOfEffect } from './votes-seen.ts'

/** A view for which a replica left earlier ones, and the position of its log record. */
interface Left {
  readonly position: number
  readonly view: View
}

/** 8, second half. A replica whose VIEW-CHANGE is durable sends nothing of its own for the views below it. */
export function nothingBelowViewChange(): Checker {
  const left = new Map<ReplicaId, Left[]>()
  return {
    invariant: 8, // @rule 7.8
    name: 'nothing below a view change',
    onStep(seen) {
      const { replica, isRecovering, effects, syncedRecords } = seen
      if (isRecovering) return null
      const own = left.get(replica) ?? []
      left.set(replica, own)
      noteLeft(own, seen)
      let durable = 0
      for (const { position, view } of own) if (position < syncedRecords) durable = Math.max(durable, view)
      if (durable === 0) return null
      for (const effect of effects) {
        const vote = voteOfEffect(effect, replica)
        if (vote === null || vote.sender !== replica || vote.view >= durable) continue
        const { kind, view, sequence } = vote
        return `sent ${kind} in view ${view} at ${sequence} after its VIEW-CHANGE for ${durable} was durable`
      }
      return null
    },
    onCrash({ replica, survivingRecords }) {
      left.set(
        replica,
        (left.get(replica) ?? []).filter(({ position }) => position < survivingRecords),
      )
      return null
    },
  }
}

function noteLeft(own: Left[], { effects, appendedRecords }: SeenStep): void {
  let position = appendedRecords
  for (const effect of effects) {
    if (effect.kind !== 'persist') continue
    const view = viewLeftFor(effect.record)
    if (view !== null) own.push({ position, view })
    position++
  }
}

function viewLeftFor(record: LogRecord): View | null {
  if (record.kind === 'view-change') return record.content.view
  return record.kind === 'healed' ? record.view : null
}

/**
 * Rule 3.10: once a correct replica has sent a VIEW-CHANGE for a view above u + 2, no batch first proposed after that
 * is decided in view u. A proposal counts from the first time that a correct replica makes or accepts it.
 */
export function leftForGood(): Checker {
  /** The highest view for which a correct replica sent VIEW-CHANGE. */
  let highest = 0
  /** By view, sequence number and batch: the highest such view when it was first proposed. */
  const atProposal = new Map<string, number>()
  const keyOf = (view: View, sequence: Sequence, digest: Uint8Array): string =>
    `${view}:${sequence}:${shortDigest(digest)}`
  return {
    invariant: 8,
    name: 'left for good',
    onStep(seen) {
      const { effects } = seen
      for (const { kind, votes } of certificatesOfStep(seen)) {
        const [vote] = votes
        // Claims name a view that is late enough, not the view of a quorum's COMMITs. @rule 4.8
        if (kind !== 'decided' || vote === undefined || isClaimed(votes)) continue
        const { view, sequence, digest } = vote
        const before = atProposal.get(keyOf(view, sequence, digest))
        if (before === undefined || before <= view + 2) continue
        return `decided ${sequence} in view ${view}, proposed after a VIEW-CHANGE for ${before} was sent`
      }
      for (const effect of effects) {
        if (effect.kind === 'broadcast' && isViewChange(effect.outgoing)) {
          highest = Math.max(highest, effect.outgoing.view)
        }
        const place = effect.kind === 'persist' ? proposalOf(effect.record) : null
        if (place === null) continue
        const key = keyOf(place.view, place.sequence, place.digest)
        if (!atProposal.has(key)) atProposal.set(key, highest)
      }
      return null
    },
  }
}

const isViewChange = <C extends { readonly kind: string }>(
  outgoing: C,
): outgoing is Extract<C, { readonly kind: 'view-change' | 'oral-view-change' }> =>
  outgoing.kind === 'view-change' || outgoing.kind === 'oral-view-change'

function proposalOf(
  record: LogRecord,
): { readonly view: View; readonly sequence: Sequence; readonly digest: Uint8Array } | null {
  if (record.kind === 'accepted') return record.prePrepare
  return record.kind === 'proposed' ? { ...record.content, digest: record.content.batch.digest } : null
}
