/**
 * A history: the operations of clients on registers and their answers. There is one register for each key; it is null
 * at first.
 *
 * An operation is invoked, and then has one of four outcomes:
 *   ok    it happened, once, at some moment between its two events
 *   fail  it certainly had no effect, now and later. It says nothing about the register, not even of a cas (this is
 *         Jepsen's convention), so it is left out of the search
 *   info  it may have happened at any moment after its invocation, however late, or never
 *   open  there is no second event: the same as info
 */
import { assert } from '../base/assert.ts'
import { type JsonValue, ValueCodes } from './value-codes.ts'

export type OperationKind = 'read' | 'write' | 'cas'
export type OperationOutcome = 'open' | 'ok' | 'fail' | 'info'

export interface Operation {
  /** The process that invoked it; used only in timelines. */
  readonly process: number
  readonly kind: OperationKind
  /** The code of the value that it found: a read's result (null's code while there is none), or a cas's old value. */
  from: number
  /** The code of the value that it leaves: the new value of a write or a cas; null's code for a read. */
  readonly to: number
  /** Positions of its two events in the history; an event is before another if its position is smaller. */
  readonly invokedAt: number
  completedAt: number | null
  outcome: OperationOutcome
}

/**
 * Records a history event by event. `checkHistory` may be called at any time; it treats open operations as in doubt.
 */
export class History {
  readonly codes = new ValueCodes()
  readonly #byKey = new Map<string, Operation[]>()
  #operations = 0
  #lastAt = 0

  /** Operations by key, in the order of their invocations. */
  get byKey(): ReadonlyMap<string, readonly Operation[]> {
    return this.#byKey
  }

  /** Operations invoked. */
  get operations(): number {
    return this.#operations
  }

  /** `at` is the event's position: a whole number above all earlier positions; the next number if it is left out. */
  invokeRead(process: number, key: string, at?: number): Operation {
    return this.#invoke(key, this.#operation('read', process, null, null, at))
  }

  /** A delete is a write of null. */
  invokeWrite(process: number, key: string, value: JsonValue, at?: number): Operation {
    return this.#invoke(key, this.#operation('write', process, null, value, at))
  }

  invokeCas(process: number, key: string, change: readonly [JsonValue, JsonValue], at?: number): Operation {
    return this.#invoke(key, this.#operation('cas', process, change[0], change[1], at))
  }

  /** Completes a read that returned this value. */
  read(operation: Operation, value: JsonValue, at?: number): void {
    assert(operation.kind === 'read', 'only a read gives a value')
    operation.from = this.codes.code(value)
    this.complete(operation, 'ok', at)
  }

  /** Ends an operation. A read that happened is completed with `read` instead. */
  complete(operation: Operation, outcome: 'ok' | 'fail' | 'info', at?: number): void {
    assert(operation.outcome === 'open', 'an operation is completed once')
    operation.outcome = outcome
    operation.completedAt = this.#position(at)
  }

  #operation(
    kind: OperationKind,
    process: number,
    from: JsonValue,
    to: JsonValue,
    at: number | undefined,
  ): Operation {
    return {
      process,
      kind,
      from: this.codes.code(from),
      to: this.codes.code(to),
      invokedAt: this.#position(at),
      completedAt: null,
      outcome: 'open',
    }
  }

  #invoke(key: string, operation: Operation): Operation {
    const operations = this.#byKey.get(key)
    if (operations === undefined) this.#byKey.set(key, [operation])
    else operations.push(operation)
    this.#operations++
    return operation
  }

  #position(at = this.#lastAt + 1): number {
    assert(at > this.#lastAt, 'events come in their order')
    this.#lastAt = at
    return at
  }
}
