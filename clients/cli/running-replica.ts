/** One replica in the foreground. */
import pino from 'pino'
import type { MetricsServer } from '../../replicas/metrics-server.ts'
import type { MeasuredReplica } from '../../replicas/replica-metrics.ts'
import { startReplica } from '../../replicas/replica-process.ts'
import { ReplicaWatch } from '../../replicas/replica-watch.ts'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import type { Address } from '../../src/messages/cluster.ts'
import { placeOf } from '../../src/messages/evidence.ts'
import type { RejectedMessage } from '../../src/runtime/replica-runtime-options.ts'
import { fail, stopOnSignal } from './process-end.ts'
import { notifyStopping, reportReady } from './readiness.ts'

export interface ReplicaFlags {
  readonly dir: string
  readonly id: number
  readonly logLevel: string
  /** MiB of log growth after which a checkpoint is stored; the default of the runtime if absent. */
  readonly storeAfterMib?: number
  /** The address at which `/metrics` is served; it is not served if absent. */
  readonly metrics?: Address
  /** The address to listen on; that of the cluster file if absent. */
  readonly listen?: Address
}

export async function runReplica(flags: ReplicaFlags): Promise<void> {
  const { dir: directory, id, logLevel, storeAfterMib, metrics, listen } = flags
  const logger = pino({ base: { replica: id }, level: logLevel })
  const refusals = new Refusals()
  const running = await startReplica({
    directory,
    id,
    onFailure: (error) => {
      const why = error instanceof OperatorError ? 'the disk failed' : 'the program is broken'
      logger.fatal({ error: error.message }, `${why}, so this replica halts`)
      fail(error)
    },
    onLoss: (message) => logger.warn(message),
    onRejected: (rejected) => {
      refusals.note(rejected)
      const { from, reason, detail } = rejected
      logger.debug({ from, reason, detail }, 'a message was rejected')
    },
    onSilentLink: ({ kind, id }) => {
      // Clients often disconnect silently, and there may be many.
      const level = kind === 'replica' ? 'warn' : 'debug'
      logger[level]({ [kind]: id }, 'a link was silent for several heartbeats: it is closed and opened again')
    },
    onEvidence: ({ guilty, first }) => {
      refusals.convict(guilty)
      logger.warn({ guilty, ...placeOf(first) }, 'a replica signed two messages that contradict each other')
    },
    ...given({ storeAfterBytes: storeAfterMib && storeAfterMib * 1024 * 1024, listen }),
  })
  const { runtime, n } = running
  const watch = new ReplicaWatch(
    () => runtime.report(),
    n,
    ({ level, message, facts }) => logger[level](facts, message),
  )
  const measure = () => ({ report: runtime.report(), n, rejected: refusals.counts, views: watch.views })
  let isDraining = false
  const whyNotReady = (): string | null => {
    if (isDraining) return 'draining'
    const { condition } = runtime.report()
    return condition === 'voting' ? null : condition
  }
  const metricsServer = await openMetrics(measure, metrics, whyNotReady).catch(async (error: unknown) => {
    await running.close()
    throw error
  })
  watch.start()
  const { lastExecuted } = runtime.state.ordering
  logger.info({ address: running.address, lastExecuted, ...given({ metrics: metricsServer?.url }) }, 'ready')
  stopOnSignal(async () => {
    notifyStopping()
    isDraining = true
    await running.drain()
    watch.stop()
    await metricsServer?.close()
    await running.close()
    logger.info(refusals.sum(), 'stopped')
  })
  reportReady(running.address)
}

/** Serves the metrics if an address is given. Their library is loaded only then. */
async function openMetrics(
  measure: () => MeasuredReplica,
  address: Address | undefined,
  whyNotReady: () => string | null,
): Promise<MetricsServer | null> {
  if (address === undefined) return null
  const { replicaMetrics } = await import('../../replicas/replica-metrics.ts')
  const { serveMetrics } = await import('../../replicas/metrics-server.ts')
  return serveMetrics(replicaMetrics(measure), address, whyNotReady)
}

/** The numbers of refused messages by reason, and the replicas that provably lied. */
class Refusals {
  readonly #counts = new Map<string, number>()
  readonly #guilty = new Set<number>()

  /** The number of refused messages by reason. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  note({ reason }: RejectedMessage): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
  }

  convict(replica: number): void {
    this.#guilty.add(replica)
  }

  sum(): { readonly rejected: Readonly<Record<string, number>>; readonly guilty: readonly number[] } {
    const guilty = [...this.#guilty].sort((a, b) => a - b)
    return { rejected: Object.fromEntries(this.#counts), guilty }
  }
}
