/** A child process: it reports when it is ready, and its parent ends it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { OperatorError } from '../src/base/operator-error.ts'

/** The message of a child to its parent when it is ready. */
export interface ReadyMessage {
  readonly ready: string
}

/** The maximum time for a child to become ready, in milliseconds: it replays its log first. */
const START_MS_MAX = 60_000
/** The maximum time for a child to stop before it is killed, in milliseconds: a gateway answers its calls first. */
const STOP_MS_MAX = 15_000

export interface Child {
  readonly name: string
  readonly process: ChildProcess
  readonly ready: Promise<string>
  /** The last lines of its standard error. */
  readonly complaint: () => string
}

/**
 * Starts node with these arguments; its standard output is appended to a file. With `openFiles`, a shell lowers the
 * child's limit of open files, which Node.js cannot do.
 */
export function startChild(
  name: string,
  args: readonly string[],
  logPath: string,
  openFiles: number | null = null,
): Child {
  const log = openSync(logPath, 'a')
  const limited = ['-c', 'ulimit -n "$0" && exec "$@"', String(openFiles), process.execPath]
  const [command, ...rest] = openFiles === null ? [process.execPath, ...args] : ['sh', ...limited, ...args]
  // The closed channel shows a child that its parent has ended.
  const child = spawn(command as string, rest, { stdio: ['ignore', log, 'pipe', 'ipc'] })
  closeSync(log)
  let complaint = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2_000)
  })
  const ready = new Promise<string>((resolve, reject) => {
    const fail = (why: string) =>
      reject(new OperatorError(complaint.trim() || `The ${name} did not start: ${why}.`))
    const timer = setTimeout(
      () => fail(`it was not ready within ${START_MS_MAX / 1000} seconds`),
      START_MS_MAX,
    )
    child.once('message', (message: ReadyMessage) => {
      clearTimeout(timer)
      resolve(message.ready)
    })
    child.once('error', (error) => fail(error.message))
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      fail(signal ?? `exit code ${code}`)
    })
  })
  ready.catch(() => {}) // A caller that awaits it gets the error, but nobody may await it yet.
  return { name, process: child, ready, complaint: () => complaint.trim() }
}

export const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null

/** Asks a child to stop, and kills it when it does not. */
export function stopChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

/** Kills a child with SIGKILL, as if its machine were lost. */
export function killChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
