/** The end of a command's process: signals, a parent that is gone, and errors as one sentence. */
import { OperatorError } from '../../src/base/operator-error.ts'
import { operatorErrorOf } from '../../src/io/system-error.ts'
import { BenchmarkFailed } from '../bench/benchmark-failed.ts'
import { wrapped } from './terminal.ts'

/** Calls `stop` once, at SIGTERM, at Ctrl-C, or when the process that started this one is gone; then exits with 0. */
export function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false
  const end = (): void => {
    if (isStopping) return
    isStopping = true
    stop().then(
      () => process.exit(0),
      (error) => fail(error),
    )
  }
  process.on('SIGTERM', end)
  // At Ctrl-C the terminal signals the whole group: a child waits for its parent to say so.
  process.on('SIGINT', () => {
    if (!process.connected) end()
  })
  process.on('disconnect', end)
}

/** A signal that is aborted at Ctrl-C, SIGTERM and a closed terminal, so that what was started is ended first. */
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

/** Tells the parent, if there is one, that this process is ready. */
export function reportReady(address: string): void {
  process.send?.({ ready: address })
}

/** Prints an error and ends the process with its exit code. */
export function fail(error: unknown): never {
  process.exit(reportError(error))
}

/**
 * Prints an error on standard error and returns the exit code: one sentence and 2 for what a person can mend, the
 * system's refusals among it; a sentence and 1 for a benchmark without a figure; else the stack and 70.
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

/** Ends the process in silence when the reader of its output is gone, as of `strategos attack list | head -1`. */
export function endOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') fail(error)
    process.exit(process.exitCode ?? 0)
  })
}
