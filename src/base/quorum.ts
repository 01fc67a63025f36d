/** Quorum arithmetic: OSDI 1999 section 3, TOCS 2002 section 4.1. No other file computes a quorum. */
import { assert } from './assert.ts'
import type { ReplicaId, View } from './ids.ts'

/** More replicas than this are refused: votes cost n² messages. */
export const REPLICAS_MAX = 13

/** f: how many of n replicas may be faulty, the largest f with n >= 3f + 1. */
export function faultsMax(n: number): number {
  return Math.floor((n - 1) / 3)
}

/** Q = ⌈(n + f + 1) / 2⌉: any two quorums share a correct replica, and the correct replicas alone form a quorum. */
export function quorum(n: number): number {
  return Math.ceil((n + faultsMax(n) + 1) / 2)
}

/** W = f + 1: any weak quorum contains a correct replica. */
export function weakQuorum(n: number): number {
  return faultsMax(n) + 1
}

/** primary(v) = v mod n. */
export function primaryOf(view: View, n: number): ReplicaId {
  return (view % n) as ReplicaId
}

/** True if n is 3f + 1 for an f of at least 1, and small enough to run. */
export function isClusterSize(n: number): boolean {
  return Number.isInteger(n) && n >= 4 && n <= REPLICAS_MAX && n % 3 === 1
}

/** The `rank`-th largest of `values` (1 is the largest). `values` holds at least `rank` numbers. */
export function rankedLargest<T extends number>(values: readonly T[], rank: number): T {
  const value = [...values].sort((a, b) => b - a)[rank - 1]
  assert(value !== undefined, 'fewer values than the rank asked for')
  return value
}
