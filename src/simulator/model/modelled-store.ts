/** The model beside the store: it executes the batches in their order, and reports differences of results or state. */
import type { ClientId, Sequence, Timestamp } from '../../base/ids.ts'
import type { RequestOutcome } from '../../base/request-outcome.ts'
import type { Founder } from '../../store/access-records.ts'
import { PORTION_LEASE_KEYS, PORTION_LEASES } from '../../store/leases.ts'
import {
  nextOperation,
  type OperationCode,
  type OperationCursor,
  openOperations,
} from '../../store/operations.ts'
import { interpretResult, type Result, readResults, type Status } from '../../store/results.ts'
import type { SeenExecution } from '../checkers/checker.ts'
import { type Judged, judge } from './judgement-model.ts'
import type { LeaseEvent } from './lease-model.ts'
import { StoreModel } from './store-model.ts'

/** The request at which a lease began or was revoked; null where it ended by itself. */
export type LeaseCause = {
  readonly client: ClientId
  readonly timestamp: Timestamp
  readonly requestDigest: Uint8Array
} | null

/** The findings of the model for a batch. */
export interface ModelledBatch {
  readonly sequence: Sequence
  /** The executed time. */
  readonly time: number
  /** A sentence that describes a difference of the store; null if there is none. */
  readonly fault: string | null
  readonly leases: readonly (LeaseEvent & { readonly cause: LeaseCause })[]
}

/** The statuses of operations that were not executed for their size or their cost. */
const BELIEVED: readonly Status[] = [
  'result-budget',
  'work-budget',
  'no-space',
  'too-many-leases',
  'too-many-lease-keys',
  'too-many-principals',
  'too-many-rights',
]

/**
 * The bytes of results, and the number of changes, beyond which the store truncates its answers and the model does not
 * follow.
 */
const RESULTS_BYTES_MAX = 1024 * 1024
const CHANGES_MAX = 10_000

export class ModelledStore {
  readonly #model: StoreModel
  #latest: ModelledBatch | null = null
  #isLost = false

  /** The model of a store with these administrators. */
  constructor(founders: readonly Founder[] = []) {
    this.#model = new StoreModel(founders)
  }

  /** True once something was executed that the model does not follow. */
  get isLost(): boolean {
    return this.#isLost
  }

  /**
   * Takes in an execution. Returns what the model says of it; null where the batch is not the newest, which was executed
   * by another replica before, and where the model has lost its way. May be called several times for one execution.
   */
  onExecuted(seen: SeenExecution): ModelledBatch | null {
    const last = this.#latest?.sequence ?? 0
    if (this.#isLost || seen.sequence < last) return null
    if (seen.sequence === last) return this.#latest
    if (seen.sequence > last + 1)
      this.#isLost = true // The batches in between were not observed.
    else this.#latest = this.#execute(seen)
    return this.#isLost ? null : this.#latest
  }

  #execute({ sequence, batch, outcomes, application }: SeenExecution): ModelledBatch {
    const model = this.#model
    const leases: (LeaseEvent & { readonly cause: LeaseCause })[] = []
    const note = (cause: LeaseCause): void => {
      for (const event of model.leases.takeEvents()) leases.push({ ...event, cause })
    }
    model.advance(batch.time)
    note(null)
    const keys = leases.reduce((sum, event) => sum + ('keys' in event ? event.keys.length : 0), 0)
    if (leases.length >= PORTION_LEASES || keys >= PORTION_LEASE_KEYS) this.#isLost = true // The rest of the batch is not yet executed.
    let fault: string | null = null
    for (const [index, outcome] of outcomes.entries()) {
      const operations = batch.requests[index]?.operations
      if (outcome.standing !== 'new' || outcome.recovery !== null || operations === undefined) continue
      fault ??= this.#executeRequest(operations, outcome)
      note(outcome)
    }
    model.end()
    const expiry = model.nextExpiry
    if (application.revision !== model.revision)
      fault ??= `the store is at revision ${application.revision}, and must be at ${model.revision}`
    if (application.nextExpiry !== expiry)
      fault ??= `the next lease ends at ${application.nextExpiry}, and must end at ${expiry}`
    return { sequence, time: model.leases.time, fault: this.#isLost ? null : fault, leases }
  }

  #executeIf(judged: Judged | null, cursor: OperationCursor): Result | null {
    if (judged?.isPermitted === false) return { status: 'denied' }
    return this.#model.execute(cursor, judged?.principal ?? null)
  }

  #executeRequest(operations: Uint8Array, { client, timestamp, results }: RequestOutcome): string | null {
    const what = `request ${timestamp} of client ${client.slice(0, 8)}`
    const cursor = openOperations(operations, this.#model.access.isThere)
    const framed = readResults(results ?? NOTHING)
    if (cursor === null) return null // A single result reports that nothing was executed.
    if (framed === null || framed.length !== cursor.count) return `${what} has results that do not fit it`
    const isLong = (results?.length ?? 0) > RESULTS_BYTES_MAX || this.#model.keys.changes.length > CHANGES_MAX
    let fault: string | null = null
    for (const [index, one] of framed.entries()) {
      const refused = nextOperation(cursor)
      const judged = refused === null ? judge(this.#model, client, cursor) : null
      if (judged?.isPermitted !== false && BELIEVED.includes(one.status)) continue
      const modelled = refused === null ? this.#executeIf(judged, cursor) : ({ status: refused } as Result)
      if (modelled === null) {
        this.#isLost = true
        return null
      }
      if (isLong) continue
      const given = interpretResult(cursor.code as OperationCode, one)
      if (textOf(given) === textOf(modelled)) continue
      fault ??= `operation ${index} of ${what} gave ${textOf(given)}, and must give ${textOf(modelled)}`
    }
    return fault
  }
}

const NOTHING = new Uint8Array(0)
const decoder = new TextDecoder('latin1')

/** Returns a value as text, the same for equal ones: fields in the order of their names, bytes as characters. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return JSON.stringify(decoder.decode(value))
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${fields.map(([name, each]) => `${name}: ${textOf(each)}`).join(', ')}}`
}
