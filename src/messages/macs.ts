/**
 * The authentication of oral mode, the paper's authenticators (TOCS 2002, 2.2):
 *
 *   epoch u32 | MAC 16 × n       for all replicas: slot i is replica i's, the sender's own is zero
 *   epoch u32 | MAC 16           for one receiver
 *
 * The epoch identifies the keys (`runtime/authentication/pairwise-keys.ts`). No cluster has one replica, so the length
 * distinguishes the two.
 */
import { readU32, writeU32 } from '../base/bytes.ts'
import { MAC_BYTES } from './limits.ts'

const EPOCH_BYTES = 4

export interface ReceivedMac {
  readonly epoch: number
  /** The MAC for this receiver: a view, not a copy. */
  readonly mac: Uint8Array
}

/** Encodes the MACs for all replicas. Null stands for the sender's own slot. */
export function encodeMacs(epoch: number, macs: readonly (Uint8Array | null)[]): Uint8Array {
  const bytes = new Uint8Array(EPOCH_BYTES + MAC_BYTES * macs.length)
  writeU32(bytes, 0, epoch)
  for (const [slot, mac] of macs.entries()) {
    if (mac !== null) bytes.set(mac, EPOCH_BYTES + MAC_BYTES * slot)
  }
  return bytes
}

/**
 * Reads the MAC for one receiver, whose `slot` is its replica id, or null for a client. Returns null if the length is
 * wrong.
 */
export function readMac(
  authentication: Uint8Array,
  receiver: { readonly slot: number | null; readonly n: number },
): ReceivedMac | null {
  const slot = slotOf(authentication.length, receiver)
  if (slot === null) return null
  const at = EPOCH_BYTES + MAC_BYTES * slot
  return { epoch: readU32(authentication, 0), mac: authentication.subarray(at, at + MAC_BYTES) }
}

function slotOf(
  length: number,
  { slot, n }: { readonly slot: number | null; readonly n: number },
): number | null {
  if (length === EPOCH_BYTES + MAC_BYTES) return 0
  return length === EPOCH_BYTES + MAC_BYTES * n ? slot : null
}

/** Returns the epoch at the start of an authentication that this process made itself. */
export const epochOf = (authentication: Uint8Array): number => readU32(authentication, 0)
