/** Keys and values of the store as JSON documents. */
import type { RangeItem } from '../../src/store/range-results.ts'
import { keyName } from '../api/key-name.ts'
import type { PageAnswer } from '../api/keys.ts'

export function itemJson(item: RangeItem, keysOnly = false): PageAnswer['items'][number] {
  const { key, value, version, createRevision, modRevision } = item
  const described = { key: keyName(key), version, createRevision, modRevision }
  return keysOnly ? described : { ...described, ...valueJson(value) }
}

/** A value in JSON: as text where it is UTF-8, else in base64. */
export function valueJson(value: Uint8Array): { readonly text: string } | { readonly value: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value) }
  } catch {
    return { value: Buffer.from(value).toString('base64') }
  }
}
