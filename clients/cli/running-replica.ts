/** One replica in the foreground: correct, or an adversary. */
import pino from 'pino'
import { startReplica } from '../../replicas/replica-process.ts'
import { placeOf } from '../../src/messages/evidence.ts'
import type { Recomposition } from '../../src/runtime/replica-runtime-options.ts'
import { fail, reportReady, stopOnSignal } from './process-end.ts'

export async function runReplica(options: {
  readonly directory: string
  readonly id: number
  /** MiB of the log after which a checkpoint is stored; absent: as the runtime has it. */
  readonly storeAfterMib?: number
  readonly adversary?: { readonly name: string; readonly recompose: Recomposition }
}): Promise<void> {
  const { directory, id, storeAfterMib, adversary } = options
  const logger = pino({ base: { replica: id }, level: process.env['STRATEGOS_LOG_LEVEL'] ?? 'info' })
  const running = await startReplica({
    directory,
    id,
    onFailure: (error) => {
      logger.fatal({ error: error.message }, 'the disk failed, so this replica halts')
      fail(error)
    },
    onLoss: (message) => logger.warn(message),
    onRejected: ({ from, reason, detail }) => logger.debug({ from, reason, detail }, 'rejected a message'),
    onEvidence: ({ guilty, first }) =>
      logger.warn({ guilty, ...placeOf(first) }, 'a replica signed two messages that contradict each other'),
    ...(storeAfterMib === undefined ? {} : { storeAfterBytes: storeAfterMib * 1024 * 1024 }),
    ...(adversary === undefined ? {} : { recompose: adversary.recompose }),
  })
  const { lastExecuted } = running.runtime.state
  logger.info({ address: running.address, lastExecuted, adversary: adversary?.name }, 'ready')
  stopOnSignal(async () => {
    await running.close()
    logger.info('stopped')
  })
  reportReady(running.address)
}
