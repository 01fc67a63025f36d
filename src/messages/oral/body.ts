/**
 * The bodies of VIEW-CHANGE and NEW-VIEW without signatures. Their payloads hold the body's hash.
 *
 *   VIEW-CHANGE body = count u8 | (s u64 | root) * | count u16 | (s u64 | v u64 | D) * | count u16 | (s u64 | v u64 | D) *
 *                      C, h included                P                                   Qset
 *   NEW-VIEW body    = count u8 | (sender u8 | digest) * | s u64 | root, unless s is 0 | count u16 | D *
 *                      V                                   the checkpoint                O, from s + 1 on
 */
import { concatBytes, readU16, readU64, writeU16, writeU64 } from '../../base/bytes.ts'
import { DIGEST_BYTES } from '../../base/hash.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { faultsMax, REPLICAS_MAX } from '../../base/quorum.ts'
import { COUNTER_MAX, LOG_WINDOW } from '../limits.ts'
import { type Rejection, rejection } from '../rejection.ts'
import type { CitedViewChange, OralNewViewContent } from './new-view.ts'
import type { CheckpointClaim, OralViewChangeContent, OrderClaim } from './view-change.ts'

/** The maximum number of entries of C: h, and those up to h + L. */
export const HELD_CHECKPOINTS_MAX = 3
/**
 * Returns the number of digests that a Qset keeps for one sequence number.
 * @rule 4.1
 */
export const prePrepareClaimsMax = (n: number): number => faultsMax(n) + 2
/**
 * The maximum number of entries of P and of Qset in a body, in the largest cluster.
 * @rule 4.2
 */
const PREPARED_CLAIMS_MAX = LOG_WINDOW
const PRE_PREPARE_CLAIMS_MAX = prePrepareClaimsMax(REPLICAS_MAX) * LOG_WINDOW

const CLAIM_BYTES = 16 + DIGEST_BYTES

const u16 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(2)
  writeU16(bytes, 0, value)
  return bytes
}

const u64 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  writeU64(bytes, 0, value)
  return bytes
}

/** Encodes an entry of P or of Qset. */
export const claimBytes = ({ sequence, view, digest }: OrderClaim): Uint8Array =>
  concatBytes(u64(sequence), u64(view), digest)

const checkpointBytes = ({ sequence, root }: CheckpointClaim): Uint8Array => concatBytes(u64(sequence), root)

export function encodeClaims({
  checkpoints,
  preparedClaims,
  prePrepareClaims,
}: Pick<OralViewChangeContent, 'checkpoints' | 'preparedClaims' | 'prePrepareClaims'>): Uint8Array {
  return concatBytes(
    Uint8Array.of(checkpoints.length),
    ...checkpoints.map(checkpointBytes),
    u16(preparedClaims.length),
    ...preparedClaims.map(claimBytes),
    u16(prePrepareClaims.length),
    ...prePrepareClaims.map(claimBytes),
  )
}

/** Reads C, P and Qset from a VIEW-CHANGE, without judging them. */
export function decodeClaims(
  body: Uint8Array,
): Pick<OralViewChangeContent, 'checkpoints' | 'preparedClaims' | 'prePrepareClaims'> | Rejection {
  const reader = new Reader(body)
  const checkpoints = reader.list(reader.u8(HELD_CHECKPOINTS_MAX), () => reader.checkpoint())
  const preparedClaims = reader.list(reader.u16(PREPARED_CLAIMS_MAX), () => reader.claim())
  const prePrepareClaims = reader.list(reader.u16(PRE_PREPARE_CLAIMS_MAX), () => reader.claim())
  return reader.end() ?? { checkpoints, preparedClaims, prePrepareClaims }
}

/** Reads consecutive entries, as in the log. */
export function claimsIn(bytes: Uint8Array): readonly OrderClaim[] | Rejection {
  const reader = new Reader(bytes)
  const claims = reader.list(Math.floor(bytes.length / CLAIM_BYTES), () => reader.claim())
  return reader.end() ?? claims
}

export function encodeChosen({
  cited,
  checkpoint,
  choices,
}: Pick<OralNewViewContent, 'cited' | 'checkpoint' | 'choices'>): Uint8Array {
  return concatBytes(
    Uint8Array.of(cited.length),
    ...cited.map(({ sender, digest }) => concatBytes(Uint8Array.of(sender), digest)),
    checkpointBytes(checkpoint),
    u16(choices.length),
    ...choices.map(({ digest }) => digest),
  )
}

/** Reads V, the checkpoint and O from a NEW-VIEW, without judging them. */
export function decodeChosen(
  body: Uint8Array,
): Pick<OralNewViewContent, 'cited' | 'checkpoint' | 'choices'> | Rejection {
  const reader = new Reader(body)
  const cited = reader.list(reader.u8(REPLICAS_MAX), () => reader.cited())
  const checkpoint = reader.chosenCheckpoint()
  let { sequence } = checkpoint
  const choices = reader.list(reader.u16(LOG_WINDOW), () => {
    sequence = reader.after(sequence)
    return { sequence, digest: reader.digest() }
  })
  return reader.end() ?? { cited, checkpoint, choices }
}

/** Reads the parts of a body in order. After the first fault it returns filler values. */
class Reader {
  #isFaulty = false
  readonly #body: Uint8Array
  #at = 0

  constructor(body: Uint8Array) {
    this.#body = body
  }

  u8(most: number): number {
    const at = this.#take(1)
    return this.#within(at === null ? 0 : (this.#body[at] as number), most)
  }

  u16(most: number): number {
    const at = this.#take(2)
    return this.#within(at === null ? 0 : readU16(this.#body, at), most)
  }

  digest(): Uint8Array {
    const at = this.#take(DIGEST_BYTES)
    return at === null ? new Uint8Array(0) : this.#body.subarray(at, at + DIGEST_BYTES)
  }

  claim(): OrderClaim {
    return {
      sequence: this.#u64() as Sequence,
      view: this.#u64() as View,
      digest: this.digest(),
    }
  }

  checkpoint(): CheckpointClaim {
    return { sequence: this.#u64() as Sequence, root: this.digest() }
  }

  /** Reads the checkpoint. The initial state, at 0, has no root. */
  chosenCheckpoint(): CheckpointClaim {
    const sequence = this.#u64() as Sequence
    return { sequence, root: sequence === 0 ? new Uint8Array(0) : this.digest() }
  }

  /** Returns the next sequence number. The largest one has none. */
  after(sequence: Sequence): Sequence {
    return this.#within(sequence + 1, COUNTER_MAX) as Sequence
  }

  cited(): CitedViewChange {
    return { sender: this.u8(REPLICAS_MAX - 1) as ReplicaId, digest: this.digest() }
  }

  list<T>(count: number, read: () => T): readonly T[] {
    const items: T[] = []
    while (items.length < count && !this.#isFaulty) items.push(read())
    return items
  }

  /** Returns the first fault, or null. Leftover bytes are a fault. */
  end(): Rejection | null {
    if (this.#isFaulty) return rejection('body-malformed')
    return this.#at === this.#body.length ? null : rejection('frame-has-trailing-bytes')
  }

  #u64(): number {
    const at = this.#take(8)
    return this.#within(at === null ? 0 : readU64(this.#body, at), COUNTER_MAX)
  }

  /** Skips the next `size` bytes and returns their offset; null if fewer are left. */
  #take(size: number): number | null {
    if (this.#at + size > this.#body.length) this.#isFaulty = true
    if (this.#isFaulty) return null
    this.#at += size
    return this.#at - size
  }

  #within(value: number, most: number): number {
    if (value <= most) return value
    this.#isFaulty = true
    return 0
  }
}
