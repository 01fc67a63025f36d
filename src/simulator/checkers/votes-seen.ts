/** Facts of a step for several checkers: votes and proposals, and the certificates that the step made durable. */
import { toHex } from '../../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { Vote } from '../../messages/message.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { SeenStep } from './checker.ts'

export type VoteKind = 'pre-prepare' | 'prepare' | 'commit'

export interface SeenVote {
  readonly kind: VoteKind
  readonly sender: ReplicaId
  readonly view: View
  readonly sequence: Sequence
  readonly digest: Uint8Array
}

export interface SeenCertificate {
  readonly kind: 'prepared' | 'decided'
  readonly votes: readonly Vote[]
}

/** The shared empty list, because most steps contain no votes. */
const NONE: readonly never[] = []

/** The vote or proposal that an effect sends, whoever signed it; null when it sends neither. */
export function voteOfEffect(effect: Effect, self: ReplicaId): SeenVote | null {
  if (effect.kind !== 'send' && effect.kind !== 'broadcast') return null
  const { outgoing } = effect
  switch (outgoing.kind) {
    case 'pre-prepare': {
      const { kind, view, sequence, batch } = outgoing
      return { kind, sender: self, view, sequence, digest: batch.digest }
    }
    case 'prepare':
    case 'commit': {
      const { kind, view, sequence, digest } = outgoing
      return { kind, sender: self, view, sequence, digest }
    }
    case 'relayed':
      return isVote(outgoing.message) ? outgoing.message : null
    default:
      return null
  }
}

const isVote = <M extends { readonly kind: string }>(
  message: M,
): message is Extract<M, { readonly kind: VoteKind }> =>
  message.kind === 'pre-prepare' || message.kind === 'prepare' || message.kind === 'commit'

/** Every vote and proposal of a step: the received one, and those that it sends. */
export function votesOfStep({ replica, event, effects }: SeenStep): readonly SeenVote[] {
  let votes: SeenVote[] | null = null
  if (event.kind === 'received') {
    const { message } = event
    if (isVote(message)) votes = [message]
  }
  for (const effect of effects) {
    const vote = voteOfEffect(effect, replica)
    if (vote === null) continue
    votes ??= []
    votes.push(vote)
  }
  return votes ?? NONE
}

/** The certificates that a step logs, which count from then on. */
export function certificatesOfStep({ effects }: SeenStep): readonly SeenCertificate[] {
  let certificates: SeenCertificate[] | null = null
  for (const effect of effects) {
    if (effect.kind !== 'persist') continue
    const { record } = effect
    if (record.kind !== 'prepared' && record.kind !== 'decided') continue
    certificates ??= []
    const votes = record.kind === 'prepared' ? record.certificate.prepares : record.commits
    certificates.push({ kind: record.kind, votes })
  }
  return certificates ?? NONE
}

/** A short form of a digest for explanations. */
export const shortDigest = (digest: Uint8Array): string => toHex(digest.subarray(0, 4))

const VIEWS = 2 ** 16
const SENDERS = 16
const KINDS: readonly string[] = ['pre-prepare', 'prepare', 'commit', 'prepared', 'decided']

/** One number for (v, s, kind, sender): views below 2^16, sequence numbers below 2^30. */
export function placeKey(place: {
  readonly kind: VoteKind | SeenCertificate['kind']
  readonly view: View
  readonly sequence: Sequence
  readonly sender?: ReplicaId
}): number {
  const { kind, view, sequence, sender = 0 } = place
  return ((sequence * VIEWS + view) * KINDS.length + KINDS.indexOf(kind)) * SENDERS + sender
}
