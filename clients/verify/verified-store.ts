/**
 * A client of a gateway that is not trusted. Each answer is taken from its receipt, and only if the receipt proves that
 * the replicas executed exactly the operation that was asked for, after it was asked. So a gateway can withhold answers,
 * and neither invent nor alter one, nor repeat an old one. It runs in Node and in browsers.
 *
 *   const store = new VerifiedStore({ url: 'https://gateway.example', cluster: readPublicCluster(json) })
 *   await store.put(key, value)
 *   const found = await store.get(key)
 */
import { toHex } from '../../src/base/bytes.ts'
import { given } from '../../src/base/given.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { encodeKey } from '../api/key-path.ts'
import { challengedOperations } from './challenge.ts'
import { nobleProofCrypto } from './noble.ts'
import type { PublicCluster } from './proof-context.ts'
import { isObject } from './proof-document.ts'
import { verifyReceipt } from './receipt.ts'
import { expectOperations } from './receipt-question.ts'
import { type ProofFault, verdictOf } from './refusal.ts'

const CHALLENGE_BYTES = 32

/** The gateway's answer proves nothing; the message says why. A write may have happened or not. */
export class UnprovedAnswer extends Error {
  override readonly name = 'UnprovedAnswer'
  readonly fault: ProofFault | 'no-receipt'

  constructor(fault: ProofFault | 'no-receipt', because: string) {
    super(`The gateway's answer is not proved: ${because}.`)
    this.fault = fault
  }
}

/** The replicas executed the operation with a result that is no success, such as `revision-moved`. It is proved. */
export class OperationRefused extends Error {
  override readonly name = 'OperationRefused'
  readonly result: Result

  constructor(result: Result) {
    super(`The store answered "${result.status}".`)
    this.result = result
  }
}

type ResultOf<K> = Extract<Result, { readonly status: 'ok'; readonly kind: K }>

export interface VerifiedStoreOptions {
  /** The base URL of the gateway. */
  readonly url: string
  readonly cluster: PublicCluster
  /** Sends a request; `fetch` by default. */
  readonly send?: (
    url: string,
    init: { readonly method: string; readonly body?: Uint8Array },
  ) => Promise<{
    text(): Promise<string>
  }>
  /** Returns unpredictable bytes; those of the platform by default. */
  readonly entropy?: (size: number) => Uint8Array
}

export class VerifiedStore {
  readonly #options: VerifiedStoreOptions

  constructor(options: VerifiedStoreOptions) {
    this.#options = options
  }

  /** Reads a key, as it is after the call began. Resolves with null if it does not exist. */
  async get(key: Uint8Array): Promise<ResultOf<'get'> | null> {
    const result = await this.#execute({ kind: 'get', key }, { method: 'GET' })
    if (result.status === 'not-found') return null
    return expectOk(result, 'get')
  }

  /** Sets a key; with `ifRevision` only if it is at that modification revision, 0 standing for no key. */
  async put(
    key: Uint8Array,
    value: Uint8Array,
    condition: { readonly ifRevision?: number } = {},
  ): Promise<ResultOf<'put'>> {
    const result = await this.#execute(
      { kind: 'put', key, value, ...condition },
      { method: 'PUT', body: value, ...condition },
    )
    return expectOk(result, 'put')
  }

  async delete(
    key: Uint8Array,
    condition: { readonly ifRevision?: number } = {},
  ): Promise<ResultOf<'delete'>> {
    const result = await this.#execute(
      { kind: 'delete', key, ...condition },
      { method: 'DELETE', ...condition },
    )
    return expectOk(result, 'delete')
  }

  async #execute(
    operation: Operation & { readonly key: Uint8Array },
    call: { readonly method: string; readonly body?: Uint8Array; readonly ifRevision?: number },
  ): Promise<Result> {
    const { url, cluster, send = sendByFetch, entropy = platformEntropy } = this.#options
    const challenge = entropy(CHALLENGE_BYTES)
    const condition = call.ifRevision === undefined ? '' : `&ifRevision=${call.ifRevision}`
    const query = `key=${encodeKey(operation.key)}&receipt=true&challenge=${toHex(challenge)}${condition}`
    const { method, body } = call
    const answer = await send(`${url.replace(/\/$/, '')}/v1/kv?${query}`, { method, ...given({ body }) })
    const context = { cluster, crypto: nobleProofCrypto }
    const verdict = verifyReceipt(context, receiptIn(await answer.text()))
    if (verdict.kind === 'refused') throw new UnprovedAnswer(verdict.fault, verdict.because)
    const asked = encodeOperations(challengedOperations(operation, challenge))
    const fit = verdictOf(() => expectOperations(verdict.proved, asked))
    if (fit.kind === 'refused') throw new UnprovedAnswer(fit.fault, fit.because)
    return verdict.proved.results[0] as Result
  }
}

/** Returns the receipt in an answer, which may be a problem; throws where there is none. */
function receiptIn(text: string): unknown {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    json = null
  }
  if (isObject(json) && json['receipt'] !== undefined) return json['receipt']
  const detail =
    isObject(json) && typeof json['detail'] === 'string' ? `: ${json['detail'].slice(0, 200)}` : ''
  throw new UnprovedAnswer('no-receipt', `it has no receipt${detail}`)
}

function expectOk<K extends 'get' | 'put' | 'delete'>(result: Result, kind: K): ResultOf<K> {
  if (result.status === 'ok' && result.kind === kind) return result as ResultOf<K>
  throw new OperationRefused(result)
}

const sendByFetch: NonNullable<VerifiedStoreOptions['send']> = (url, { method, body }) =>
  fetch(url, { method, ...(body === undefined ? {} : { body: Uint8Array.from(body) }) })

const platformEntropy = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size))
