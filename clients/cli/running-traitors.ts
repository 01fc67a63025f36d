/** Adversarial replicas in the foreground, all in this process. */
import pino from 'pino'
import type { Adversary } from '../../attacks/language/adversary.ts'
import { followParent, startTraitors } from '../../attacks/run/processes/traitor-process.ts'
import { fail, stopOnSignal } from './process-end.ts'
import { reportReady } from './readiness.ts'

export async function playTraitors(options: {
  readonly name: string
  readonly adversary: Adversary
  readonly root: string
  readonly ids: readonly number[]
  readonly seed: number
  readonly logLevel: string
  /** True if the parent process starts and stops the attack; otherwise it is always on. */
  readonly isOrdered: boolean
}): Promise<void> {
  const { name, ids, isOrdered } = options
  const logger = pino({ base: { replicas: ids }, level: options.logLevel })
  const traitors = await startTraitors({ ...options, isOn: !isOrdered, onFailure: fail })
  logger.info({ addresses: traitors.addresses, adversary: name }, 'ready')
  if (isOrdered) followParent(traitors)
  stopOnSignal(async () => {
    await traitors.close()
    logger.info({ acts: traitors.acts }, 'stopped')
  })
  reportReady(traitors.addresses.join(' '))
}
