/**
 * One reply authentication per batch (rule 1.7): a Merkle tree over the batch's replies, in the order of its requests.
 *
 *   leaf  = H(0x00 | client 32 | session 16 | timestamp u64 | request digest 32 | result digest 32)
 *   inner = H(0x01 | left | right)
 *
 * Each level pairs neighbours; a last node without a neighbour moves up unchanged (as in RFC 6962).
 */
import { concatBytes, writeU64 } from '../base/bytes.ts'
import type { Hash } from '../base/hash.ts'
import type { Timestamp } from '../base/ids.ts'

export interface ReplyLeaf {
  readonly publicKey: Uint8Array
  /** The nonce of the session that sent the request. */
  readonly session: Uint8Array
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
  readonly resultDigest: Uint8Array
}

/** The maximum number of steps in a path: ceil(log2(1024)). */
export const REPLY_PATH_STEPS_MAX = 10

const LEAF = Uint8Array.of(0)
const INNER = Uint8Array.of(1)

export function replyLeafHash(hash: Hash, leaf: ReplyLeaf): Uint8Array {
  const timestamp = new Uint8Array(8)
  writeU64(timestamp, 0, leaf.timestamp)
  return hash(
    concatBytes(LEAF, leaf.publicKey, leaf.session, timestamp, leaf.requestDigest, leaf.resultDigest),
  )
}

/** Returns all levels, leaves first. The last level holds the root alone. `leaves` must not be empty. */
export function buildReplyTree(hash: Hash, leaves: readonly ReplyLeaf[]): readonly Uint8Array[][] {
  let level = leaves.map((leaf) => replyLeafHash(hash, leaf))
  const levels = [level]
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let index = 0; index < level.length; index += 2) {
      const left = level[index] as Uint8Array
      const right = level[index + 1]
      above.push(right === undefined ? left : hash(INNER, left, right))
    }
    level = above
    levels.push(level)
  }
  return levels
}

/** Returns the neighbours on the path from leaf `index` to the root. */
export function replyPath(levels: readonly (readonly Uint8Array[])[], index: number): readonly Uint8Array[] {
  const path: Uint8Array[] = []
  let at = index
  for (const level of levels.slice(0, -1)) {
    const neighbour = level[at ^ 1]
    if (neighbour !== undefined) path.push(neighbour)
    at >>= 1
  }
  return path
}

/** Returns the root that a leaf and its path determine; null if the path does not fit index and count. */
export function replyRoot(
  hash: Hash,
  leaf: ReplyLeaf,
  place: { readonly index: number; readonly count: number; readonly path: readonly Uint8Array[] },
): Uint8Array | null {
  let node = replyLeafHash(hash, leaf)
  let { index, count } = place
  let used = 0
  if (index >= count) return null
  while (count > 1) {
    if ((index ^ 1) < count) {
      const neighbour = place.path[used++]
      if (neighbour === undefined) return null
      node = index % 2 === 0 ? hash(INNER, node, neighbour) : hash(INNER, neighbour, node)
    }
    index >>= 1
    count = (count + 1) >> 1
  }
  return used === place.path.length ? node : null
}
