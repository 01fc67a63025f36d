/**
 * Intervals of keys with permissions: the rights of one principal. They are disjoint, in the order of their keys, and
 * neighbours have different permissions, so equal rights have one form however they were granted.
 */
import { compareBytes } from '../base/bytes.ts'
import { isOneKey, isOpenEnded, type KeyRange } from './key-range.ts'

/** The keys from `from` on and before `to`; all from there on if `to` is null. */
export interface KeyInterval {
  readonly from: Uint8Array
  readonly to: Uint8Array | null
}

/** An interval with the permissions for its keys, a sum of `PERMISSIONS`. */
export interface Right extends KeyInterval {
  readonly permissions: number
}

export const PERMISSIONS = { read: 1, write: 2 } as const
export const PERMISSIONS_ALL = 3

const BEFORE_ALL = new Uint8Array(0)

/** Returns the interval of a range; null if no key is in it. */
export function intervalOf(range: KeyRange): KeyInterval | null {
  const { key: from } = range
  if (isOpenEnded(range)) return { from, to: null }
  if (!isOneKey(range)) return compareBytes(from, range.end) < 0 ? { from, to: range.end } : null
  // An appended zero gives the smallest key above.
  const to = new Uint8Array(from.length + 1)
  to.set(from)
  return { from, to }
}

/** Compares two ends of intervals. */
function compareEnds(one: Uint8Array | null, other: Uint8Array | null): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1
  return compareBytes(one, other)
}

/** Returns the keys that are in both intervals; null if there are none. */
function common(one: KeyInterval, other: KeyInterval): KeyInterval | null {
  const from = compareBytes(one.from, other.from) < 0 ? other.from : one.from
  const to = compareEnds(one.to, other.to) < 0 ? one.to : other.to
  return to === null || compareBytes(from, to) < 0 ? { from, to } : null
}

/** Returns the rights after the permissions of all keys of an interval are changed. Their bytes are views. */
export function changeRights(
  rights: readonly Right[],
  interval: KeyInterval,
  change: (permissions: number) => number,
): readonly Right[] {
  const pieces: Right[] = []
  const add = (piece: KeyInterval | null, permissions: number): void => {
    if (piece !== null && permissions !== 0) pieces.push({ ...piece, permissions })
  }
  /** The place up to which the interval is dealt with; null at the end of all keys. */
  let at: Uint8Array | null = interval.from
  for (const right of rights) {
    add(common(right, { from: BEFORE_ALL, to: interval.from }), right.permissions)
    const within = common(right, interval)
    if (within !== null && at !== null) {
      add(common({ from: at, to: within.from }, interval), change(0))
      add(within, change(right.permissions))
      at = within.to
    }
    if (interval.to !== null) add(common(right, { from: interval.to, to: null }), right.permissions)
  }
  if (at !== null) add(common({ from: at, to: null }, interval), change(0))
  return joined(pieces.sort((one, other) => compareBytes(one.from, other.from)))
}

/** Joins neighbours with equal permissions. */
function joined(pieces: readonly Right[]): readonly Right[] {
  const rights: Right[] = []
  for (const piece of pieces) {
    const last = rights.at(-1)
    const isNext =
      last !== undefined &&
      last.permissions === piece.permissions &&
      last.to !== null &&
      compareBytes(last.to, piece.from) === 0
    if (isNext) rights[rights.length - 1] = { ...last, to: piece.to }
    else rights.push(piece)
  }
  return rights
}

/** True if the rights have this permission for every key of the interval. */
export function covers(rights: readonly Right[], interval: KeyInterval, permission: number): boolean {
  let at = interval.from
  for (let index = indexAt(rights, at); index < rights.length; index++) {
    const { from, to, permissions } = rights[index] as Right
    if (compareBytes(from, at) > 0 || (permissions & permission) === 0) return false
    if (to === null || compareEnds(interval.to, to) <= 0) return true
    at = to
  }
  return false
}

/** Returns the index of the first interval that ends after a key. */
function indexAt(rights: readonly Right[], key: Uint8Array): number {
  let low = 0
  let high = rights.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const { to } = rights[middle] as Right
    if (to !== null && compareBytes(to, key) <= 0) low = middle + 1
    else high = middle
  }
  return low
}
