/** The transport through a gateway, over HTTP. What it answers is believed: it checked what the replicas said. */
import { type Dispatcher, Pool } from 'undici'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { isOneKey } from '../../src/store/key-range.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { encodeKey } from '../api/key-path.ts'
import type { ProblemDocument } from '../api/problems.ts'
import type { ClusterStatus, StatusAnswer } from '../api/status.ts'
import { answerReader, parsedJson } from './answer-reader.ts'
import { resultOf } from './gateway-answers.ts'
import { boundsQuery, type GatewayRequest, requestOf } from './gateway-requests.ts'
import { watchThrough } from './gateway-watch.ts'
import {
  errorOf,
  GatewayError,
  type StoreError,
  UnknownOutcomeError,
  UnreachableError,
} from './store-errors.ts'
import type { ResumableQuery, StoreTransport, WatchSteps } from './store-transport.ts'

export interface GatewayOptions {
  readonly url: URL
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Certificates for https: of the authority, and of this client. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** The longest wait for an answer, in milliseconds. */
  readonly timeoutMs: number
}

/** Connections for calls. Watches have one each. */
const CONNECTIONS_MAX = 64
/** A gateway gives its own answer when the replicas give none: the wait for it is longer by this. */
const GATEWAY_MS = 5_000
/** A comment comes at least every ten seconds on the stream of a watch. */
const WATCH_SILENCE_MS_MAX = 40_000

/** The codes of failures to connect: no request was sent. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
])

const readStatus = answerReader<StatusAnswer>()({
  clusterId: 'string',
  n: 'number',
  f: 'number',
  replicas: [{}],
})

export class GatewayTransport implements StoreTransport {
  readonly #options: GatewayOptions
  readonly #calls: Pool
  readonly #streams: Pool
  readonly #watches = new Set<WatchSteps>()

  constructor(options: GatewayOptions) {
    const connect = given({ connect: options.tls })
    this.#options = options
    this.#calls = new Pool(options.url.origin, { connections: CONNECTIONS_MAX, ...connect })
    this.#streams = new Pool(options.url.origin, { connections: null, ...connect })
  }

  async execute(operation: Operation, signal: AbortSignal | null): Promise<Result> {
    const request = requestOf(operation)
    const { status, body } = await this.#call(request, signal)
    if (status < 400) return readable(() => resultOf(operation, body))
    const result = missingKey(operation, status, body)
    if (result !== null) return result
    throw problemOf(body)
  }

  watch(query: ResumableQuery): WatchSteps {
    const { range, after, previous, only, progress = false } = query
    const keys = isOneKey(range) ? { key: encodeKey(range.key) } : boundsQuery(range)
    const parameters = { ...keys, only, previous: previous === true ? 'true' : undefined }
    const steps = watchThrough(after, {
      progress,
      readProblem: problemOf,
      open: (place, signal) =>
        this.#open({ method: 'GET', path: '/v1/watch', query: { ...parameters, after: `${place}` } }, signal),
    })
    this.#watches.add(steps)
    return {
      next: () => steps.next(),
      return: () => {
        this.#watches.delete(steps)
        return steps.return?.() ?? Promise.resolve({ done: true, value: undefined })
      },
      close: () => {
        this.#watches.delete(steps)
        steps.close()
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  async status(signal: AbortSignal | null): Promise<ClusterStatus> {
    const { status, body } = await this.#call({ method: 'GET', path: '/v1/status' }, signal)
    if (status >= 400) throw problemOf(body)
    const { gateway: _gateway, ...cluster } = readable(() => readStatus(body)) as StatusAnswer
    return cluster
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.close()
    await Promise.all([this.#calls.destroy(), this.#streams.destroy()])
  }

  async #call(
    request: GatewayRequest,
    signal: AbortSignal | null,
  ): Promise<{ readonly status: number; readonly body: Uint8Array }> {
    const waitMs = this.#options.timeoutMs + GATEWAY_MS
    const timing = { headersTimeout: waitMs, bodyTimeout: waitMs, ...given({ signal }) }
    try {
      const { statusCode: status, body } = await this.#calls.request({
        ...this.#outgoing(request),
        ...timing,
      })
      return { status, body: await body.bytes() }
    } catch (error) {
      throw failureOf(error, this.#options.url)
    }
  }

  async #open(request: GatewayRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const timing = {
      headersTimeout: this.#options.timeoutMs + GATEWAY_MS,
      bodyTimeout: WATCH_SILENCE_MS_MAX,
      signal,
    }
    const outgoing = { ...this.#outgoing(request), ...timing }
    const { statusCode, body } = await this.#streams.request(outgoing).catch((error) => {
      throw failureOf(error, this.#options.url)
    })
    if (statusCode < 400) return body
    throw problemOf(await body.bytes())
  }

  /** Returns what undici sends. The target goes out as it is. */
  #outgoing({ method, path, query = {}, headers, body }: GatewayRequest): Dispatcher.RequestOptions {
    const { url, headers: common } = this.#options
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    )
    const target = `${url.pathname.replace(/\/$/, '')}${path}`
    return {
      method,
      path: given.length === 0 ? target : `${target}?${given.join('&')}`,
      headers: { accept: 'application/json', ...common, ...headers },
      body: body ?? null,
    }
  }
}

/** A read of a key that does not exist is a success without entries; null for every other problem. */
function missingKey(operation: Operation, status: number, body: Uint8Array): Result | null {
  if (status !== 404 || operation.kind !== 'range' || !isOneKey(operation)) return null
  const { code, revision } = documentIn(body)
  if (code !== 'not-found' || typeof revision !== 'number') return null
  return { status: 'ok', kind: 'range', revision, count: 0, more: null, items: [] }
}

type ProblemMembers = Partial<Record<keyof typeof ProblemDocument.shape, unknown>>

const documentIn = (body: Uint8Array): ProblemMembers =>
  (parsedJson(Buffer.from(body).toString('utf8')) ?? {}) as ProblemMembers

/** Returns the error of a problem document. */
function problemOf(body: Uint8Array): StoreError {
  const { code, detail, because, revision, modRevision, floor } = documentIn(body)
  if (typeof code !== 'string') return new GatewayError('what answers there is not a gateway of strategos')
  const sentence = because === undefined ? `${detail}` : `${detail} (${because})`
  return errorOf(code, sentence, {
    revision: numberOf(revision),
    modRevision: numberOf(modRevision),
    floor: numberOf(floor),
  })
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

/** Returns the error for a call without an answer. */
function failureOf(error: unknown, { href }: URL): StoreError {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (NOT_CONNECTED.has(code))
    return new UnreachableError(`the gateway at ${href} cannot be reached (${code})`)
  return new UnknownOutcomeError(`the gateway at ${href} gave no answer (${code || message})`)
}

/** Reads an answer; what is none is the gateway's fault, and not the caller's. */
function readable<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof OperatorError) throw new GatewayError(error.message)
    throw error
  }
}
