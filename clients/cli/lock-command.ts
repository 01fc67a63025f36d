/** The command lock: it waits for a lock, runs a command while it holds the lock, and releases it. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { OperatorError } from '../../src/base/operator-error.ts'
import { environmentWith } from './child-environment.ts'
import { type GatewayFlags, Refused, withGateway } from './gateway-call.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { interruptible } from './process-end.ts'
import { leavePlace, type QueuePlace, takePlace, waitUntilFirst } from './queue-place.ts'

export interface LockFlags extends GatewayFlags {
  readonly ttl: number
}

export const lock = (name: string, command: readonly string[], flags: LockFlags): Promise<void> =>
  withGateway(() =>
    inFirstPlace(name, '', flags, async (place, ended) => {
      if (command.length === 0) {
        print(place, flags)
        await aborted(ended)
      } else process.exitCode = await run(command, place, ended)
    }),
  )

/**
 * Waits for the first place in the queue, calls `work` while it holds the place, and leaves the queue. Throws
 * `Refused` if the lease was lost meanwhile, and an `OperatorError` at Ctrl-C while it waits.
 */
export async function inFirstPlace(
  name: string,
  value: string,
  flags: LockFlags,
  use: (place: QueuePlace, ended: AbortSignal) => Promise<void>,
): Promise<void> {
  const interruption = interruptible()
  const place = await takePlace(name, { value, ttl: flags.ttl }, flags)
  const keeper = new LeaseKeeper(place, flags)
  const ended = AbortSignal.any([keeper.lost, interruption.signal])
  try {
    await waitUntilFirst(place, flags, ended)
    if (interruption.signal.aborted) throw new OperatorError('Interrupted.')
    if (!keeper.lost.aborted) await use(place, ended)
  } finally {
    keeper.stop()
    interruption.stop()
    if (!keeper.lost.aborted) await leavePlace(place, flags)
  }
  if (keeper.lost.aborted) {
    throw new Refused(`lock-lost: the lease of ${place.key} has ended, or could not be renewed in time`)
  }
}

/** Prints a place: its key and its fencing token. */
export function print({ key, token }: QueuePlace, { json }: GatewayFlags): void {
  console.log(json ? JSON.stringify({ key, token }) : `${key}\t${token}`)
}

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

/**
 * Runs a command with the lock's key and token in its environment, and ends it if the lock is lost. Returns its exit
 * code.
 */
function run(
  [file = '', ...words]: readonly string[],
  place: QueuePlace,
  ended: AbortSignal,
): Promise<number> {
  const env = environmentWith({ STRATEGOS_LOCK_KEY: place.key, STRATEGOS_LOCK_TOKEN: `${place.token}` })
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, { stdio: 'inherit', env })
    const end = (): void => void child.kill('SIGTERM')
    ended.addEventListener('abort', end)
    child.once('error', ({ message }) => reject(new OperatorError(`${file} cannot be run: ${message}.`)))
    child.once('exit', (code, signal) => {
      ended.removeEventListener('abort', end)
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
}
