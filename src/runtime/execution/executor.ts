import type { Allowance } from '../../base/allowance.ts'
import { assert } from '../../base/assert.ts'
import type { BatchExecution, RequestOutcome } from '../../base/request-outcome.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { Application } from '../../ports.ts'

/**
 * The work executed in one turn, in units of `Allowance`: some milliseconds, and several times that where other
 * programs use the machine's caches too.
 */
export const EXECUTED_PER_TURN = 4_000

type Execute = Effect & { readonly kind: 'execute' }

/**
 * Executes decided batches, one after another, some of it in each turn, so that no batch, however large, blocks the
 * loop. An ordinary batch is executed at once. Work that needs a state between two batches waits for the next one.
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

  /** True if a batch is being executed: another turn goes on with it. */
  get isBusy(): boolean {
    return this.#running !== null
  }

  begin(effect: Execute): void {
    assert(this.#running === null, 'a batch is handed over when the one before it is executed')
    const execution = this.#application.begin(effect.sequence, effect.batch, this.#allowance)
    this.#running = { effect, execution }
    this.#advance()
  }

  /** A turn begins. */
  onTurn(): void {
    this.#allowance.left = this.#perTurn
    this.#advance()
  }

  /** Runs this between two batches: at once, or when the batch under execution ends; only the last call counts. */
  betweenBatches(run: () => void): void {
    if (this.#running === null) run()
    else this.#waiting = run
  }

  /** Forgets the batch that waited to be run. */
  forgetWaiting(): void {
    this.#waiting = null
  }

  /** Gives up the batch under execution: another state replaces this one. */
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
