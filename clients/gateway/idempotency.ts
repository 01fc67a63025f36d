/** The header Idempotency-Key: a write with it that comes again is not executed again, and has the answer of the first time. */
import type { IncomingHttpHeaders } from 'node:http'
import { IDEMPOTENCY_KEY_BYTES_MAX } from '../../src/store/operations.ts'
import { Problem } from './problem.ts'

/** The key as it is, or as a string in quotes, which is the form of structured headers. */
const KEY = /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]+)"|([\x21\x23-\x5b\x5d-\x7e]+))$/

/** Returns the option of an operation; nothing where the request has no key. Throws a problem for a header that is none. */
export function idempotencyOf(headers: IncomingHttpHeaders): { readonly idempotencyKey?: Uint8Array } {
  const header = headers['idempotency-key']
  if (header === undefined) return {}
  const [, quoted, bare] = (typeof header === 'string' && KEY.exec(header)) || []
  const key = quoted ?? bare ?? ''
  if (key.length >= 1 && key.length <= IDEMPOTENCY_KEY_BYTES_MAX) {
    return { idempotencyKey: Uint8Array.from(Buffer.from(key)) }
  }
  throw new Problem(
    'bad-request',
    'Idempotency-Key is 1 to 64 visible characters of ASCII, in quotes or without',
  )
}
