/** The command lock: it waits for a lock, runs a command while it holds the lock, and releases it. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { OperatorError } from '../../src/base/operator-error.ts'
import { keyName } from '../api/key-name.ts'
import { connect } from '../library/connect.ts'
import type { Lock } from '../library/lock.ts'
import type { Store } from '../library/store.ts'
import { LockLostError, StoreError, UnreachableError } from '../library/store-errors.ts'
import { environmentWith } from './child-environment.ts'
import { type GatewayFlags, gatewayUrl, Refused, withGateway } from './gateway-call.ts'
import { interruptible } from './process-end.ts'

export interface LockFlags extends GatewayFlags {
  readonly ttl: number
}

export const lock = (name: string, command: readonly string[], flags: LockFlags): Promise<void> =>
  whileHeld(
    flags,
    (store, signal) => store.lock(name, { ttl: flags.ttl, signal }),
    async (held, ended) => {
      if (command.length === 0) {
        print(held, flags)
        await aborted(ended)
      } else process.exitCode = await run(command, held, ended)
    },
  )

/**
 * Waits for a lock or a leadership, calls `use` while it is held, and gives it back. Throws `Refused` if it was lost
 * meanwhile, and an `OperatorError` at Ctrl-C while it waits.
 */
export const whileHeld = (
  flags: LockFlags,
  take: (store: Store, signal: AbortSignal) => Promise<Lock>,
  use: (held: Lock, ended: AbortSignal) => Promise<void>,
): Promise<void> =>
  withStore(flags, async (store, signal) => {
    await using held = await take(store, signal)
    await use(held, AbortSignal.any([held.lost, signal]))
    if (held.lost.aborted) {
      const key = keyName(held.key)
      throw new LockLostError(`the lease of ${key} has ended, or could not be renewed in time`)
    }
  })

/** Runs what uses the library through a gateway, with a signal for Ctrl-C; prints an error of the store. */
export const withStore = (
  flags: GatewayFlags,
  command: (store: Store, signal: AbortSignal) => Promise<void>,
): Promise<void> =>
  withGateway(async () => {
    const interruption = interruptible()
    await using store = await connect(gatewayUrl(flags))
    try {
      await command(store, interruption.signal)
    } catch (error) {
      if (error instanceof UnreachableError) throw new OperatorError(`${sentenceOf(error.message)}.`)
      if (error instanceof StoreError) throw new Refused(`${error.code}: ${error.message}`)
      throw error
    } finally {
      interruption.stop()
    }
  })

const sentenceOf = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

/** Prints what is held: its key and its fencing token. */
export function print({ key, token }: Lock, { json }: GatewayFlags): void {
  console.log(json ? JSON.stringify({ key: keyName(key), token }) : `${keyName(key)}\t${token}`)
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
  { key, token }: Lock,
  ended: AbortSignal,
): Promise<number> {
  const env = environmentWith({ STRATEGOS_LOCK_KEY: keyName(key), STRATEGOS_LOCK_TOKEN: `${token}` })
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
