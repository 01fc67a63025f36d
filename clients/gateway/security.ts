/** The guards of a gateway as its options name them: encryption, the callers it knows, the names and sites it answers to. */
import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { given } from '../../src/base/given.ts'
import { TIMEOUTS } from './admission.ts'
import { BrowserGuard } from './browser-guard.ts'
import type { CertificatePaths } from './certificate-files.ts'
import { Doorkeeper } from './doorkeeper.ts'
import { Encryption } from './encryption.ts'
import { expectGuarded } from './exposure.ts'
import { Identities } from './identities.ts'
import { RateLimit } from './rate-limit.ts'

export interface SecurityOptions {
  readonly tls?: CertificatePaths
  /** The file of the tokens by which callers are known. */
  readonly tokenFile?: string
  /** Further names under which the gateway may be asked. */
  readonly hostNames?: readonly string[]
  /** Sites whose pages may ask. */
  readonly origins?: readonly string[]
  /** Calls that each caller may make in a second; absent: as many as it likes. */
  readonly callsPerSecond?: number
}

export interface Security {
  readonly doorkeeper: Doorkeeper
  /** Null without TLS. */
  readonly encryption: Encryption | null
  readonly origins: readonly string[]
  close(): void
}

/** Reads the files that guard a gateway. Throws an `OperatorError` where it may not listen on this host with them. */
export function openSecurity(
  host: string,
  options: SecurityOptions,
  report: (message: string) => void,
): Security {
  const { tls, tokenFile, hostNames = [], origins = [], callsPerSecond } = options
  const hasCertificates = tls?.clientAuthority !== undefined
  expectGuarded(host, { hasTls: tls !== undefined, isGuarded: tokenFile !== undefined || hasCertificates })
  const identities = new Identities({ hasCertificates, onTrouble: report, ...given({ tokenFile }) })
  const encryption =
    tls === undefined
      ? null
      : new Encryption({ paths: tls, handshakeMs: TIMEOUTS.headers, onRenewal: report })
  const browsers = new BrowserGuard({
    hostNames: [host, ...hostNames],
    origins,
    certificate: () => encryption?.certificate ?? null,
  })
  const rate = callsPerSecond === undefined ? null : new RateLimit(callsPerSecond)
  return {
    doorkeeper: new Doorkeeper({ browsers, identities, rate }),
    encryption,
    origins,
    close: () => {
      identities.close()
      encryption?.close()
    },
  }
}

/** Headers of answers that a page of another site may read. */
const EXPOSED_HEADERS = ['etag', 'allow', 'retry-after']

/** Has browsers let pages of these sites ask. Called before other hooks are added, so that refusals can be read, too. */
export async function allowOrigins(server: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return
  await server.register(cors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  })
}
