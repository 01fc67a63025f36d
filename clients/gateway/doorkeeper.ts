/**
 * The guard of the gateway's doors, HTTP and gRPC alike: which names and sites it answers to, who asks, and how often.
 * What waits at once is bounded by admission.
 */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AskedBy, BrowserGuard } from './browser-guard.ts'
import { carrierOf } from './encryption.ts'
import type { Identities, Identity } from './identities.ts'
import { Problem } from './problem.ts'
import type { RateLimit } from './rate-limit.ts'

/** Answered to whoever asks: probes have no token, and the last two ask for one. */
const OPEN_PATHS: ReadonlySet<string> = new Set([
  '/healthz',
  '/readyz',
  '/health',
  '/v3/auth/authenticate',
  '/v3beta/auth/authenticate',
])

export interface DoorkeeperParts {
  readonly browsers: BrowserGuard
  readonly identities: Identities
  /** Null: callers ask as often as they like. */
  readonly rate: RateLimit | null
}

/** A call before it is let in. */
export interface AskedCall {
  readonly askedBy: AskedBy
  readonly token: string | null
  readonly socket: Socket
  /** True if the caller need not be known. */
  readonly isOpen: boolean
}

export class Doorkeeper {
  readonly #parts: DoorkeeperParts
  readonly #identities = new WeakMap<object, Identity>()

  constructor(parts: DoorkeeperParts) {
    this.#parts = parts
  }

  get identities(): Identities {
    return this.#parts.identities
  }

  /** Lets a call in, or throws its `Problem`. `release` is to be called when it is over. */
  letIn({ askedBy, token, socket, isOpen }: AskedCall): { identity: Identity | null; release(): void } {
    const { browsers, identities, rate } = this.#parts
    browsers.check(askedBy)
    if (isOpen) return { identity: null, release: () => {} }
    const entered = identities.identify(token, socket, () => socket.destroy())
    const { identity } = entered
    const caller =
      identity === null ? `${carrierOf(socket).remoteAddress}` : `${identity.by} ${identity.name}`
    if (rate?.admits(caller, performance.now()) === false) {
      entered.release()
      throw new Problem('busy', 'this caller asks more often than the gateway allows')
    }
    return entered
  }

  /** Stands at the door for HTTP. */
  guard(server: FastifyInstance): void {
    server.addHook('onRequest', async (request, reply) => {
      const { host = '', origin, 'sec-fetch-site': site } = request.headers
      const entered = this.letIn({
        askedBy: { host, origin, site: site as string | undefined },
        token: tokenIn(request.headers.authorization),
        socket: request.raw.socket,
        isOpen: isOpen(request),
      })
      if (entered.identity !== null) this.#identities.set(request.raw, entered.identity)
      reply.raw.once('close', entered.release)
    })
  }

  /** Returns the caller of a request that was let in; null where nobody needs to be known. */
  identityOf(request: FastifyRequest): Identity | null {
    return this.#identities.get(request.raw) ?? null
  }
}

/** OPTIONS asks for methods, and a browser asks so for leave before it sends a token. */
const isOpen = ({ method, url }: FastifyRequest): boolean =>
  method === 'OPTIONS' || OPEN_PATHS.has(url.split('?')[0] ?? '')

/** The token in a header: behind "Bearer", or alone, as clients of etcd's JSON gateway send it. */
export function tokenIn(authorization: string | undefined): string | null {
  if (authorization === undefined) return null
  return authorization.replace(/^Bearer\s+/i, '').trim()
}
