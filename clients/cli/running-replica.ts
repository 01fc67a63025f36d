/** One replica in the foreground. */
import pino from 'pino'
import { startReplica } from '../../replicas/replica-process.ts'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { placeOf } from '../../src/messages/evidence.ts'
import type { RejectedMessage } from '../../src/runtime/replica-runtime-options.ts'
import { fail, reportReady, stopOnSignal } from './process-end.ts'

export interface ReplicaFlags {
  readonly dir: string
  readonly id: number
  readonly logLevel: string
  /** MiB of the log after which a checkpoint is stored; absent: as the runtime has it. */
  readonly storeAfterMib?: number
}

export async function runReplica(flags: ReplicaFlags): Promise<void> {
  const { dir: directory, id, logLevel, storeAfterMib } = flags
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
      logger.debug({ from, reason, detail }, 'rejected a message')
    },
    onSilentLink: ({ kind, id }) => {
      // Clients come and go without a word, and are many.
      const level = kind === 'replica' ? 'warn' : 'debug'
      logger[level]({ [kind]: id }, 'a link was silent for some heartbeats: it is ended and made anew')
    },
    onEvidence: ({ guilty, first }) => {
      refusals.convict(guilty)
      logger.warn({ guilty, ...placeOf(first) }, 'a replica signed two messages that contradict each other')
    },
    ...given({ storeAfterBytes: storeAfterMib && storeAfterMib * 1024 * 1024 }),
  })
  const { lastExecuted } = running.runtime.state.ordering
  logger.info({ address: running.address, lastExecuted }, 'ready')
  stopOnSignal(async () => {
    await running.close()
    logger.info(refusals.sum(), 'stopped')
  })
  reportReady(running.address)
}

/** The number of messages that were refused, by reason, and the replicas that provably lied. */
class Refusals {
  readonly #counts = new Map<string, number>()
  readonly #guilty = new Set<number>()

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
