/** The end of a command's process: signals, the exit of the parent process, and errors as one sentence. */
import { OperatorError } from '../../src/base/operator-error.ts'
import { operatorErrorOf } from '../../src/io/system-error.ts'
import { BenchmarkFailed } from '../bench/benchmark-failed.ts'
import { wrapped } from './terminal.ts'

/** The exit code of a process that a second signal ends while it stops, by the convention of shells: 128 + SIGTERM. */
const CUT_SHORT = 143

/**
 * Calls `stop` at SIGTERM, at Ctrl-C, or when the parent process is gone; then exits with 0. A second signal ends the
 * process at once.
 */
export function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false
  const end = (): void => {
    if (isStopping) process.exit(CUT_SHORT)
    isStopping = true
    stop().then(
      () => process.exit(0),
      (error) => fail(error),
    )
  }
  process.on('SIGTERM', end)
  // At Ctrl-C the terminal signals the whole process group; a child waits for its parent to stop it.
  process.on('SIGINT', () => {
    if (!process.connected) end()
  })
  process.on('disconnect', end)
}

/** An abort signal for Ctrl-C, SIGTERM and a closed terminal, so that the processes of a run end before this one. */
export function interruptible(): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController()
  const abort = (): void => controller.abort(new OperatorError('Interrupted.'))
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, abort)
  return {
    signal: controller.signal,
    stop: () => {
      for (const signal of signals) process.off(signal, abort)
    },
  }
}

/** Prints an error and ends the process with its exit code. */
export function fail(error: unknown): never {
  process.exit(reportError(error))
}

/**
 * Prints an error on standard error and returns the exit code: one sentence and 2 for an error that the user can fix,
 * including errors of the system; a sentence and 1 for a benchmark without a figure; otherwise the stack and 70.
 */
export function reportError(error: unknown): number {
  const mendable = operatorErrorOf(error)
  if (mendable !== null) return report(mendable.message, 2)
  if (error instanceof BenchmarkFailed) return report(error.message, 1)
  process.stderr.write(`strategos is broken: ${stackOf(error)}\n`)
  return 70
}

function report(sentence: string, exitCode: number): number {
  process.stderr.write(`${wrapped(sentence)}\n`)
  return exitCode
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

/** Ends the process silently when the reader of its output is gone, as in `strategos attack list | head -1`. */
export function endOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') fail(error)
    process.exit(process.exitCode ?? 0)
  })
}
