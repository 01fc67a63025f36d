/** Replica processes that are killed and restarted one at a time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { OperatorError } from '../../src/base/operator-error.ts'

/** The longest time for a replica to replay its log and listen, in milliseconds. */
const START_MS_MAX = 60_000

export class FailoverReplicas {
  readonly #arguments: (id: number) => readonly string[]
  readonly #running = new Map<number, ChildProcess>()

  /** `replicaArguments` is a replica's command line, after the node binary. */
  constructor(replicaArguments: (id: number) => readonly string[]) {
    this.#arguments = replicaArguments
  }

  /** Starts a replica, and resolves when it is ready. Its log is discarded. */
  start(id: number): Promise<void> {
    const child = spawn(process.execPath, this.#arguments(id), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#running.set(id, child)
    let complaint = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2_000)
    })
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer)
        reject(new OperatorError(complaint.trim() || `Replica ${id} did not start: ${why}.`))
      }
      const timer = setTimeout(() => fail(`not ready within ${START_MS_MAX / 1000} seconds`), START_MS_MAX)
      child.once('message', () => {
        clearTimeout(timer)
        resolve()
      })
      child.once('error', (error) => fail(error.message))
      child.once('close', (code, signal) => fail(signal ?? `exit code ${code}`))
    })
  }

  /** The process of a started replica; throws if it has ended by itself. */
  pid(id: number): number {
    const child = this.#running.get(id)
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      throw new OperatorError(
        `Replica ${id} has ended (${child?.signalCode ?? child?.exitCode ?? 'not started'}).`,
      )
    }
    return child.pid
  }

  /** Kills a replica with SIGKILL, as if its machine were lost; resolves when the process is gone. */
  kill(id: number): Promise<void> {
    return this.#end(id, 'SIGKILL')
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.#end(id, 'SIGKILL')))
  }

  #end(id: number, signal: NodeJS.Signals): Promise<void> {
    const child = this.#running.get(id)
    this.#running.delete(id)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      child.once('exit', () => resolve())
      child.kill(signal)
    })
  }
}
