/** The gateway in the foreground. */
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import type { CertificatePaths } from '../gateway/certificate-files.ts'
import { startGateway } from '../gateway/server.ts'
import { stopOnSignal } from './process-end.ts'
import { notifyStopping, reportReady } from './readiness.ts'

export interface GatewayFlags {
  readonly dir: string
  readonly port: number
  readonly host: string
  readonly timeout: number
  readonly client: string
  readonly dashboard: boolean
  readonly playground?: true
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsClientCa?: string
  readonly tokens?: string
  readonly hostNames?: readonly string[]
  readonly corsOrigins?: readonly string[]
  readonly rateLimit?: number
}

export async function runGateway(flags: GatewayFlags): Promise<void> {
  const owner =
    flags.playground === true && process.connected
      ? (await import('./attack-orders.ts')).parentAsOwner()
      : undefined
  const running = await startGateway({
    directory: flags.dir,
    host: flags.host,
    port: flags.port,
    timeoutMs: flags.timeout,
    clientName: flags.client,
    hasDashboard: flags.dashboard,
    ...given({ attackOwner: owner }),
    security: given({
      tls: certificatePaths(flags),
      tokenFile: flags.tokens,
      hostNames: flags.hostNames,
      origins: flags.corsOrigins,
      callsPerSecond: flags.rateLimit,
    }),
    report: (message) => console.error(message),
  })
  console.log(`The gateway listens on ${running.url}`)
  stopOnSignal(async () => {
    notifyStopping()
    await running.drain()
    await running.close()
  })
  reportReady(running.url)
}

function certificatePaths({ tlsCert, tlsKey, tlsClientCa }: GatewayFlags): CertificatePaths | null {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return { certificate: tlsCert, key: tlsKey, ...given({ clientAuthority: tlsClientCa }) }
  }
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return null
  throw new OperatorError('TLS needs both --tls-cert and --tls-key; --tls-client-ca goes with them.')
}
