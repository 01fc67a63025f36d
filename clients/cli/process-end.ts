/** How a command's process ends: signals, a parent that is gone, and errors as one sentence. */
import { OperatorError } from '../../src/base/operator-error.ts'

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

/** Ends the process: one sentence and 2 for what a person can mend, the stack and 70 for a fault of ours. */
export function fail(error: unknown): never {
  if (error instanceof OperatorError) {
    process.stderr.write(`${error.message}\n`)
    process.exit(2)
  }
  process.stderr.write(`strategos is broken: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(70)
}
