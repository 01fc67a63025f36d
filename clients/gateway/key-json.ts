/** Keys and values of the store as JSON documents. */
import { leaseIdText, NO_LEASE, readLeaseId } from '../../src/store/lease-id.ts'
import type { RangeItem } from '../../src/store/range-results.ts'
import { keyName } from '../api/key-name.ts'
import type { PageAnswer } from '../api/keys.ts'

export function itemJson(item: RangeItem, keysOnly = false): PageAnswer['items'][number] {
  const { key, value, version, createRevision, modRevision, lease } = item
  const described = { key: keyName(key), version, createRevision, modRevision, ...leaseJson(lease) }
  return keysOnly ? described : { ...described, ...valueJson(value) }
}

/** The lease of a key in JSON; nothing where it has none. */
export function leaseJson(lease: Uint8Array): { readonly lease?: string } {
  const id = readLeaseId(lease, 0)
  return id === NO_LEASE ? {} : { lease: leaseIdText(id) }
}

/** A value in JSON: as text where it is UTF-8, else in base64. */
export function valueJson(value: Uint8Array): { readonly text: string } | { readonly value: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value) }
  } catch {
    return { value: Buffer.from(value).toString('base64') }
  }
}
