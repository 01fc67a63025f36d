/** A replica in the foreground that plays attacks as its parent process orders. */
import pino from 'pino'
import { type PlayOrder, startOrderedReplica } from '../../attacks/run/processes/ordered-replica.ts'
import { fail, stopOnSignal } from './process-end.ts'
import { reportReady } from './readiness.ts'

export async function playOnOrder(options: {
  readonly directory: string
  readonly id: number
  readonly seed: number
  readonly logLevel: string
}): Promise<void> {
  const { id } = options
  const logger = pino({ base: { replica: id }, level: options.logLevel })
  const replica = await startOrderedReplica({
    ...options,
    onFailure: fail,
    onNews: (news) => process.send?.(news),
  })
  process.on('message', (order: PlayOrder) => {
    logger.warn({ plays: order.play }, 'the page ordered this replica')
    replica.order(order)
  })
  logger.info({ address: replica.address }, 'ready')
  stopOnSignal(() => replica.close())
  reportReady(replica.address)
}
