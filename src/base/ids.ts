/** Distinct types for the protocol's numbers, so that a view cannot be passed as a sequence number. */
import { assert } from './assert.ts'

declare const brand: unique symbol
/** A T that the compiler keeps apart from every other T: a view is not a sequence number. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** A view number, v in the paper; counts from 0. */
export type View = Branded<number, 'View'>
/** A sequence number, s (n in the paper's messages); the first batch has 1. */
export type Sequence = Branded<number, 'Sequence'>
/** A replica's index, i, in 0 .. n - 1. */
export type ReplicaId = Branded<number, 'ReplicaId'>
/** A client's request number, t; the first is 1. It orders one client's requests and is no clock reading. */
export type Timestamp = Branded<number, 'Timestamp'>
/** Milliseconds since 1970, as a replica's clock reads them. */
export type Milliseconds = Branded<number, 'Milliseconds'>
/** A client's public key in lowercase hexadecimal: the form in which a client is looked up. */
export type ClientId = Branded<string, 'ClientId'>

const natural = (value: number, what: string): number => {
  assert(
    Number.isSafeInteger(value) && value >= 0,
    `${what} must be a safe integer of at least 0, not ${value}`,
  )
  return value
}

export const toSequence = (value: number): Sequence => natural(value, 'sequence') as Sequence
export const toReplicaId = (value: number): ReplicaId => natural(value, 'replica id') as ReplicaId
export const toTimestamp = (value: number): Timestamp => natural(value, 'timestamp') as Timestamp
export const toMilliseconds = (value: number): Milliseconds => natural(value, 'milliseconds') as Milliseconds

/** Every replica's id in order: 0 .. n - 1. */
export function replicaIds(n: number): readonly ReplicaId[] {
  return Array.from({ length: n }, (_, index) => index as ReplicaId)
}
