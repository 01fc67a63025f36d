import type { Allowance } from '../../base/allowance.ts'
import { assert } from '../../base/assert.ts'
import type { BatchExecution, RequestOutcome } from '../../base/request-outcome.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { Application } from '../../ports.ts'

/**
 * The work executed in one turn, in units of `Allowance`: a few milliseconds, and several times that if other programs
 * use the machine's caches too.
 */
export const EXECUTED_PER_TURN = 4_000

type Execute = Effect & { readonly kind: 'execute' }

/**
 * The executor of decided batches. Executes one after another, and large batches in parts over several turns, so that
 * none blocks the event loop. An ordinary batch is executed at once. Work that needs a state between two batches waits
 * for the end of the current one.
 */
export class Executor {
  readonly #application: Application
  readonly #perTurn: number
  readonly #onExecuted: (effect: Execute, outcomes: readonly RequestOutcome[]) => void
  readonly #allowance: Allowance
  #running: { readonly effect: Execute; readonly execution: BatchExecution } | null = null
  #waiting: (() => void) | null = null

  constructor(options: {
    readonly application: Application
    readonly perTurn: number
    readonly onExecuted: (effect: Execute, outcomes: readonly RequestOutcome[]) => void
  }) {
    this.#application = options.application
    this.#perTurn = options.perTurn
    this.#onExecuted = options.onExecuted
    this.#allowance = { left: options.perTurn }
  }

  /** True if a batch is being executed, which another turn continues. */
  get isBusy(): boolean {
    return this.#running !== null
  }

  begin(effect: Execute): void {
    assert(this.#running === null, 'a batch is handed over when the one before it is executed')
    const execution = this.#application.begin(effect.sequence, effect.batch, this.#allowance)
    this.#running = { effect, execution }
    this.#advance()
  }

  /** Starts a turn. */
  onTurn(): void {
    this.#allowance.left = this.#perTurn
    this.#advance()
  }

  /** Calls `run` between two batches: at once, or when the current batch ends. Only the last call counts. */
  betweenBatches(run: () => void): void {
    if (this.#running === null) run()
    else this.#waiting = run
  }

  /** Drops the batch that waits for its execution. */
  forgetWaiting(): void {
    this.#waiting = null
  }

  /** Abandons the current batch, because another state replaces this one. */
  abandon(): void {
    this.#running = null
    this.forgetWaiting()
  }

  #advance(): void {
    if (this.#running === null) return
    const { effect, execution } = this.#running
    const step = execution.next()
    if (step.done !== true) return
    this.#running = null
    this.#onExecuted(effect, step.value)
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.()
  }
}
