/** The ids of leases: etcd's signed 64-bit integers, in the state and on the wire as 8 bytes. 0 stands for no lease. */
import { fromHex, readU32, toHex, writeU32 } from '../base/bytes.ts'
import { LEASE_BYTES } from './key-entry.ts'

export const NO_LEASE = 0n

/** True if the bytes at an offset name a lease. */
export const namesLease = (bytes: Uint8Array, at: number): boolean =>
  readU32(bytes, at) !== 0 || readU32(bytes, at + 4) !== 0

/** Reads an id at an offset. */
export function readLeaseId(bytes: Uint8Array, at: number): bigint {
  if (!namesLease(bytes, at)) return NO_LEASE
  const unsigned = (BigInt(readU32(bytes, at)) << 32n) | BigInt(readU32(bytes, at + 4))
  return BigInt.asIntN(64, unsigned)
}

/** Writes an id at an offset. */
export function writeLeaseId(bytes: Uint8Array, at: number, id: bigint): void {
  const unsigned = BigInt.asUintN(64, id)
  writeU32(bytes, at, Number(unsigned >> 32n))
  writeU32(bytes, at + 4, Number(unsigned & 0xffff_ffffn))
}

/** Returns the 8 bytes of an id. */
export function leaseIdBytes(id: bigint): Uint8Array {
  const bytes = new Uint8Array(LEASE_BYTES)
  writeLeaseId(bytes, 0, id)
  return bytes
}

/** Returns an id as people and programs write it: 16 hexadecimal digits. */
export const leaseIdText = (id: bigint): string => toHex(leaseIdBytes(id))

/** Returns the id that up to 16 hexadecimal digits name; null if they are none. */
export function leaseIdOf(text: string): bigint | null {
  const bytes = text.length === 0 || text.length > 16 ? null : fromHex(text.toLowerCase().padStart(16, '0'))
  return bytes === null ? null : readLeaseId(bytes, 0)
}
