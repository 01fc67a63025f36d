/** A lease: a life in seconds. The keys that are put with it are deleted when it ends. */
import { leaseIdText } from '../../src/store/lease-id.ts'
import type { LeaseOperation } from '../../src/store/lease-operations.ts'
import type { LeaseResult } from '../../src/store/lease-results.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { errorOfResult } from './result-errors.ts'
import { LeaseNotFoundError } from './store-errors.ts'

/** Executes an operation for a lease. */
export type Execute = (operation: Operation, signal: AbortSignal | null) => Promise<Result>

export interface LeaseOptions {
  /** The id, up to 16 hexadecimal digits; the store chooses one if it is not given. */
  readonly id?: string
  /** True to keep it alive from now on, until it is revoked or released. */
  readonly keepAlive?: boolean
  readonly signal?: AbortSignal
}

/** The state of a lease. */
export interface LeaseState {
  /** The seconds until it ends, by the time of the last batch that the replicas executed. */
  readonly left: number
  readonly ttl: number
  /** The keys that end with it. */
  readonly keys: readonly Uint8Array[]
}

interface CallOptions {
  readonly signal?: AbortSignal
}

export class Lease {
  readonly id: string
  /** Its life in seconds. */
  readonly ttl: number
  readonly #number: bigint
  readonly #execute: Execute
  #keeper: LeaseKeeper | null = null

  constructor(execute: Execute, { id, ttl }: { readonly id: bigint; readonly ttl: number }) {
    this.#execute = execute
    this.#number = id
    this.id = leaseIdText(id)
    this.ttl = ttl
  }

  /** Begins its life anew, once. Rejects with a `LeaseNotFoundError` if it has ended. */
  async keepAlive({ signal }: CallOptions = {}): Promise<void> {
    await executed(this.#execute, { kind: 'lease-keep-alive', id: this.#number }, signal)
  }

  /**
   * Keeps it alive from now on. The signal is aborted when it has ended, or may have because nobody confirmed it for its
   * whole life.
   */
  keep(): AbortSignal {
    this.#keeper ??= new LeaseKeeper(this.ttl, (signal) => this.keepAlive({ signal }))
    return this.#keeper.lost
  }

  /** Ends the automatic keeping; the lease runs out by itself then. */
  stopKeeping(): void {
    this.#keeper?.stop()
    this.#keeper = null
  }

  /** Reads how long it still runs, and its keys. */
  async state({ signal }: CallOptions = {}): Promise<LeaseState> {
    const keys: Uint8Array[] = []
    for (let after = new Uint8Array(0); ; ) {
      const operation = { kind: 'lease-time-to-live', id: this.#number, keys: true, after } as const
      const shown = await executed(this.#execute, operation, signal)
      keys.push(...shown.keys.map((key) => key.slice()))
      const last = keys.at(-1)
      if (!shown.more || last === undefined) return { left: shown.leftMs / 1_000, ttl: shown.ttl, keys }
      after = new Uint8Array(last)
    }
  }

  /** Ends it, and deletes its keys at one revision. Returns their number. */
  async revoke({ signal }: CallOptions = {}): Promise<number> {
    this.stopKeeping()
    return (await executed(this.#execute, { kind: 'lease-revoke', id: this.#number }, signal)).deleted
  }

  /** Revokes it, if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.revoke().catch((error) => {
      if (!(error instanceof LeaseNotFoundError)) throw error
    })
  }
}

/** Executes an operation on leases and returns its result; rejects with the error of one that is no success. */
export async function executed<O extends LeaseOperation>(
  execute: Execute,
  operation: O,
  signal: AbortSignal | undefined,
): Promise<Extract<LeaseResult, { readonly kind: O['kind'] }>> {
  const result = await execute(operation, signal ?? null)
  if (result.status !== 'ok' || result.kind !== operation.kind) throw errorOfResult(result)
  return result as Extract<LeaseResult, { readonly kind: O['kind'] }>
}

/** A key that ends with a lease is put with the lease or with its id. */
export type LeaseName = string | { readonly id: string }
