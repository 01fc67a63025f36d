/** The gateway in the foreground. */
import { given } from '../../src/base/given.ts'
import { startGateway } from '../gateway/server.ts'
import { reportReady, stopOnSignal } from './process-end.ts'

export interface GatewayFlags {
  readonly dir: string
  readonly port: number
  readonly host: string
  readonly timeout: number
  readonly client: string
  readonly dashboard: boolean
  readonly playground?: true
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
  })
  console.log(`The gateway listens on ${running.url}`)
  stopOnSignal(() => running.close())
  reportReady(running.url)
}
