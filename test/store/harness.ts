/** A store with everything around it that a test of execution needs: a hash, clients, digests, sequence numbers. */

import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { finish } from '../../src/base/allowance.ts'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import type { Hash } from '../../src/base/hash.ts'
import { type ClientId, toMilliseconds, toSequence, toTimestamp } from '../../src/base/ids.ts'
import type { RequestOutcome } from '../../src/base/request-outcome.ts'
import {
  createStore,
  type ExecutableRequest,
  type Store,
  type StoreOptions,
} from '../../src/store/application.ts'
import { OPERATION_CODES, type OperationCode } from '../../src/store/operations.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import { interpretResult, type Result, readResults } from '../../src/store/results.ts'

export const hash: Hash = (...parts) => {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return new Uint8Array(digest.digest())
}

export const alice = 'a1'.repeat(32) as ClientId
export const bob = 'b2'.repeat(32) as ClientId
export const stranger = 'c3'.repeat(32) as ClientId

export const put = (
  key: string,
  value: string | Uint8Array,
  options: Partial<Operation> = {},
): Operation => ({
  ...options,
  kind: 'put',
  key: utf8(key),
  value: typeof value === 'string' ? utf8(value) : value,
})
export const get = (key: string): Operation => ({ kind: 'get', key: utf8(key) })
export const remove = (key: string, ifRevision?: number): Operation => ({
  kind: 'delete',
  key: utf8(key),
  ...(ifRevision === undefined ? {} : { ifRevision }),
})
export const list = (prefix: string, limit: number, cursor = ''): Operation => ({
  kind: 'list',
  prefix: utf8(prefix),
  limit,
  cursor: utf8(cursor),
})

/** A request as the store reads it; its digest covers client, session, timestamp and operations. */
export function request(
  client: ClientId,
  timestamp: number,
  operations: Uint8Array,
  session = new Uint8Array(16),
): ExecutableRequest {
  return {
    client,
    publicKey: new Uint8Array(32),
    session,
    timestamp: toTimestamp(timestamp),
    digest: hash(utf8(client), session, utf8(`${timestamp}`), operations),
    operations,
  }
}

export class Driver {
  readonly store: Store
  #timestamp = 0
  /** The time of the next batches, in milliseconds. */
  now = 1

  constructor(options: Partial<Omit<StoreOptions, 'hash'>> = {}) {
    this.store = createStore({ hash, clients: [bob, alice], storeBytesMax: 1 << 30, ...options })
  }

  batch(requests: readonly ExecutableRequest[], time = this.now): readonly RequestOutcome[] {
    const sequence = toSequence(this.store.lastSequence + 1)
    return this.store.execute(sequence, { time: toMilliseconds(time), requests })
  }

  /** Executes operation bytes as alice's next request, alone in its batch. */
  bytes(operations: Uint8Array): Uint8Array {
    const results = this.batch([request(alice, ++this.#timestamp, operations)])[0]?.results
    if (!results) throw new Error('a fresh request was not executed')
    return results
  }

  /** Executes operations as alice's next request and reads their results. */
  run(...operations: readonly Operation[]): readonly Result[] {
    return read(operations, this.bytes(encodeOperations(operations)))
  }

  /** Begins alice's next request and pauses in its middle; `finish` executes the rest. */
  halfway(...operations: readonly Operation[]): { finish(): void } {
    const made = request(alice, ++this.#timestamp, encodeOperations(operations))
    const allowance = { left: 1 }
    const batch = { time: toMilliseconds(1), requests: [made] }
    const execution = this.store.begin(toSequence(this.store.lastSequence + 1), batch, allowance)
    expect(execution.next().done).toBe(false)
    return { finish: () => void finish(execution) }
  }

  fingerprint(): string {
    return Buffer.from(this.store.fingerprint()).toString('hex')
  }
}

/** Reads results strictly; a malformed one fails the test. */
export function read(operations: readonly Operation[], bytes: Uint8Array): readonly Result[] {
  const framed = readResults(bytes)
  expect(framed).toHaveLength(operations.length)
  return (framed ?? []).map((each, index) => {
    const result = interpretResult(OPERATION_CODES[operations[index]?.kind ?? 'get'] as OperationCode, each)
    if (result === null) throw new Error(`result ${index} is malformed`)
    return result
  })
}

/** One operation from its raw parts. */
export function rawOperation(code: number, flags: number, fields: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, fields.length)
  return concatBytes(Uint8Array.of(code, flags), length, fields)
}

/** A request body from raw operations. */
export function rawBody(count: number, ...operations: readonly Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(count >> 8, count & 0xff), ...operations)
}
