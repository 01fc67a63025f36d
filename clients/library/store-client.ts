/** The client of the store: it executes operations and returns results that f + 1 replicas agree on. */

import { quorum, weakQuorum } from '../../src/base/quorum.ts'
import { hasUnorderedReads } from '../../src/messages/cluster.ts'
import type { RefusalReason } from '../../src/messages/message.ts'
import type { Submitted } from '../../src/runtime/client-runtime.ts'
import { isRead, OPERATION_CODES } from '../../src/store/operations.ts'
import { type Operation, OperationsWriter, operationBytes } from '../../src/store/operations-writer.ts'
import { interpretResult, type Result, readResults } from '../../src/store/results.ts'
import type { ReceiptDocument } from '../api/receipt.ts'
import { challengedOperations } from '../verify/challenge.ts'
import { type Connection, type ConnectionOptions, openConnection } from './connection.ts'
import { OperationFailure } from './operation-failure.ts'
import { receiptOf } from './receipt.ts'
import type { Watch, WatchQuery } from './watch.ts'
import { Watches } from './watches.ts'

export { OperationFailure } from './operation-failure.ts'

/** The maximum bytes of operations in a bundle; a single operation may be as large as the store accepts. */
const BUNDLE_BYTES_MAX = 1024 * 1024
const KEY_SHARED = 'another process uses the client key of this one'
const NO_RECEIPT = 'it was executed, but too few replicas still keep their signed replies for a receipt'
/** The maximum number of operations in a bundle; more would delay the answers of the first ones. */
const BUNDLE_OPERATIONS_MAX = 1024
/** The number of bundles in flight below which a new one is sent at once; above it, operations are gathered. */
const EAGER_BUNDLES = 2
/** The age of the oldest bundle beyond which waiting for it gains nothing, in milliseconds. */
const SLOW_BUNDLE_MS = 100
/** The number of times that an operation is sent again alone because its result did not fit beside others. */
const REPETITIONS_MAX = 5
/** The maximum bytes of waiting operations. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024

/** A bundle in flight. */
interface Sent {
  readonly isRead: boolean
  readonly sentAt: number
}

/** A result with its receipt. */
export interface ProvedResult {
  readonly result: Result
  readonly receipt: ReceiptDocument
}

/** The wish for a receipt. With a challenge, the receipt is not older than that; see `clients/verify/challenge.ts`. */
export interface ReceiptWish {
  readonly challenge: Uint8Array | null
}

interface WaitingOperation {
  readonly operation: Operation
  /** Set where a receipt is wanted: the operation is then ordered, in a request of its own. */
  readonly wish: ReceiptWish | null
  readonly bytes: number
  /** True if it needs no ordering. */
  readonly isRead: boolean
  /** True if it is sent alone, because its result did not fit beside others. */
  isAlone: boolean
  /** The number of times that it was sent again because its result did not fit. */
  repetitions: number
  isSent: boolean
  /** True if its caller has its outcome. */
  isSettled: boolean
  readonly resolve: (result: Result, receipt: ReceiptDocument | null) => void
  readonly reject: (failure: OperationFailure) => void
  /** Ends what would end the wait early. */
  readonly letGo: () => void
}

export class StoreClient {
  readonly connection: Connection
  readonly #timeoutMs: number
  readonly #writer = new OperationsWriter()
  /** The operations not yet sent. Those whose callers gave up are skipped. */
  #queue: WaitingOperation[] = []
  #queueBytes = 0
  /** The bundles in flight. */
  readonly #underWay = new Set<Sent>()
  #isSendDue = false
  readonly #watches = new Watches(this)
  /** Operations without an answer yet, and those that ended without one. */
  #waiting = 0
  #failed = 0

  private constructor(connection: Connection, timeoutMs: number) {
    this.connection = connection
    this.#timeoutMs = timeoutMs
  }

  /** Connects with the key `clients/<name>.key`. An operation without an answer fails after `timeoutMs`. */
  static async open(options: ConnectionOptions & { readonly timeoutMs: number }): Promise<StoreClient> {
    let client: StoreClient | null = null
    const connection = await openConnection({
      ...options,
      onRoom: () => client?.sendSoon(),
      onObstacle: () => client?.dropIfHopeless(),
    })
    client = new StoreClient(connection, options.timeoutMs)
    return client
  }

  /**
   * Executes one operation; what waits at the same moment shares a request. Rejects with `OperationFailure`. An abort
   * ends the wait early: with `stalled` for an operation that was not sent, and is not sent then, else with `unknown`.
   */
  execute(operation: Operation, signal: AbortSignal | null = null): Promise<Result> {
    return new Promise((resolve, reject) =>
      this.#enqueue(operation, { wish: null, signal }, { resolve, reject }),
    )
  }

  /**
   * Executes one operation in a request of its own, in the order of all requests, and proves its result to others.
   * Rejects with `OperationFailure`; signed mode only.
   */
  executeProved(operation: Operation, wish: ReceiptWish): Promise<ProvedResult> {
    return new Promise((resolve, reject) =>
      this.#enqueue(
        operation,
        { wish, signal: null },
        {
          resolve: (result, receipt) => {
            if (receipt !== null) resolve({ result, receipt })
            else reject(new OperationFailure('unknown', NO_RECEIPT))
          },
          reject,
        },
      ),
    )
  }

  #enqueue(
    operation: Operation,
    { wish, signal }: { readonly wish: ReceiptWish | null; readonly signal: AbortSignal | null },
    { resolve, reject }: Pick<WaitingOperation, 'resolve' | 'reject'>,
  ): void {
    const bytes = operationBytes(operation)
    const { hopeless } = this
    if (hopeless !== null) {
      reject(new OperationFailure(hopeless.code, hopeless.message))
      return
    }
    if (this.#queueBytes + bytes > WAITING_BYTES_MAX) {
      reject(new OperationFailure('busy', 'too many operations wait to be sent'))
      return
    }
    const timer = setTimeout(() => this.#giveUp(waiting), this.#timeoutMs)
    const abandon = (): void => this.#giveUp(waiting)
    const waiting: WaitingOperation = {
      operation,
      bytes,
      wish,
      isRead: wish === null && this.connection.runtime.hasUnorderedReads && isRead(operation.kind),
      isAlone: wish !== null,
      repetitions: 0,
      isSent: false,
      isSettled: false,
      resolve,
      reject,
      letGo: () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abandon)
      },
    }
    this.#queue.push(waiting)
    this.#queueBytes += bytes
    this.#waiting++
    signal?.addEventListener('abort', abandon)
    if (signal?.aborted === true) abandon()
    else this.sendSoon()
  }

  /** The number of operations that wait for an answer, and of those that ended without one. */
  get operationCounts(): { readonly waiting: number; readonly failed: number } {
    return { waiting: this.#waiting, failed: this.#failed }
  }

  /** Watches the changes of a range. Throws a `WatchFailure` when there are too many watches. */
  watch(query: WatchQuery): Watch {
    return this.#watches.open(query)
  }

  /** The failure with which operations are refused at once; null while they are accepted. */
  get hopeless(): Pick<OperationFailure, 'code' | 'message'> | null {
    const { obstacle, reservationFailure } = this.connection.runtime
    if (obstacle === 'key-shared') return { code: 'key-shared', message: KEY_SHARED }
    if (obstacle !== 'no-timestamps') return null
    const message = `the numbers that were reserved for requests are used up: ${reservationFailure ?? 'no more can be reserved'}`
    return { code: 'no-timestamps', message }
  }

  /** Fails the waiting operations if nothing can be sent until a person intervenes. */
  dropIfHopeless(): void {
    const { hopeless } = this
    if (hopeless === null) return
    this.#queueBytes = 0
    for (const waiting of this.#queue.splice(0)) this.#fail(waiting, hopeless.code, hopeless.message)
  }

  /** Sends the waiting operations, after those that arrive in the same turn of the event loop. */
  sendSoon(): void {
    if (this.#isSendDue) return
    this.#isSendDue = true
    setImmediate(() => {
      this.#isSendDue = false
      for (const isRead of this.connection.runtime.hasUnorderedReads ? [true, false] : [false]) {
        while (this.#queue.some((each) => each.isRead === isRead) && this.#maySend(isRead))
          this.#sendBundle(isRead)
      }
    })
  }

  async close(): Promise<void> {
    this.#watches.close()
    for (const waiting of this.#queue.splice(0)) {
      waiting.letGo()
      waiting.reject(new OperationFailure('stalled', 'the client was closed before it could send this'))
    }
    await this.connection.close()
  }

  #maySend(isRead: boolean): boolean {
    if (this.connection.runtime.room === 0) return false
    const underWay = [...this.#underWay].filter((each) => each.isRead === isRead)
    if (underWay.length < EAGER_BUNDLES) return true
    const [oldest] = underWay
    return oldest !== undefined && performance.now() - oldest.sentAt > SLOW_BUNDLE_MS
  }

  #sendBundle(isRead: boolean): void {
    const bundle = this.#takeBundle(isRead)
    for (const waiting of bundle) {
      waiting.isSent = true
      for (const each of challengedOperations(waiting.operation, waiting.wish?.challenge ?? null)) {
        this.#writer.add(each)
      }
    }
    const operations = this.#writer.finish()
    this.#writer.reset()
    const mark = { isRead, sentAt: performance.now() }
    this.#underWay.add(mark)
    // A slow bundle must not delay later operations: check again when it counts as slow.
    const look = setTimeout(() => this.sendSoon(), SLOW_BUNDLE_MS + 1)
    const { runtime } = this.connection
    const finish = (submitted: Submitted): void => {
      clearTimeout(look)
      this.#underWay.delete(mark)
      if (submitted.kind === 'answered') this.#deliver(bundle, submitted)
      else for (const waiting of bundle) this.#refused(waiting, submitted.reason)
      this.sendSoon()
    }
    if (isRead) runtime.read(operations, finish)
    else runtime.submit(operations, finish)
  }

  /**
   * Takes the operations of the next request. Reads that need no ordering never wait behind writes, nor share a
   * request with them.
   */
  #takeBundle(isRead: boolean): readonly WaitingOperation[] {
    const bundle: WaitingOperation[] = []
    let bytes = 0
    for (const waiting of this.#queue) {
      if (waiting.isRead !== isRead) continue
      const fits = bytes + waiting.bytes <= BUNDLE_BYTES_MAX && bundle.length < BUNDLE_OPERATIONS_MAX
      if (bundle.length > 0 && (!fits || waiting.isAlone)) break
      bundle.push(waiting)
      bytes += waiting.bytes
      if (waiting.isAlone) break
    }
    const taken = new Set(bundle)
    this.#queue = this.#queue.filter((each) => !taken.has(each))
    this.#queueBytes -= bytes
    return bundle
  }

  #deliver(bundle: readonly WaitingOperation[], answer: Submitted & { readonly kind: 'answered' }): void {
    const results = readResults(answer.results)
    const challenges = bundle.filter(({ wish }) => wish !== null && wish.challenge !== null).length
    if (results === null || results.length !== bundle.length + challenges) {
      for (const waiting of bundle)
        this.#fail(waiting, 'unknown', 'f + 1 replicas gave results that cannot be read')
      return
    }
    for (const [index, waiting] of bundle.entries()) {
      const framed = results[index]
      const result =
        framed === undefined ? null : interpretResult(OPERATION_CODES[waiting.operation.kind], framed)
      if (result === null) this.#fail(waiting, 'unknown', 'f + 1 replicas gave a result that cannot be read')
      else if (result.status === 'result-budget' && waiting.repetitions < REPETITIONS_MAX)
        this.#repeatAlone(waiting)
      else
        this.#succeed(
          waiting,
          result,
          waiting.wish === null ? null : receiptOf(this.connection.cluster, answer),
        )
    }
  }

  /**
   * Handles a request whose results the replicas executed but no longer keep, because many large ones followed. A read
   * is repeated; a write was executed, but its result is lost.
   */
  #refused(waiting: WaitingOperation, reason: RefusalReason): void {
    const { kind } = waiting.operation
    if (reason === 'another-session') {
      this.#fail(waiting, 'key-shared', KEY_SHARED)
    } else if (reason === 'stale') {
      this.#fail(waiting, 'unknown', `${KEY_SHARED}, and this operation may or may not have been executed`)
    } else if (reason !== 'results-gone') {
      this.#fail(waiting, 'refused', `the replicas refuse the request: ${reason}`)
    } else if (
      (kind === 'get' || kind === 'list' || kind === 'range') &&
      waiting.repetitions < REPETITIONS_MAX
    ) {
      this.#repeatAlone(waiting)
    } else {
      this.#fail(waiting, 'unknown', 'it was executed, but its results are no longer kept')
    }
  }

  /** Sends an operation again that had no effect, unless its caller already has the outcome unknown. */
  #repeatAlone(waiting: WaitingOperation): void {
    if (waiting.isSettled) return
    waiting.isAlone = true
    waiting.repetitions++
    waiting.isSent = false
    this.#queue.push(waiting)
    this.#queueBytes += waiting.bytes
  }

  #succeed(waiting: WaitingOperation, result: Result, receipt: ReceiptDocument | null): void {
    this.#settle(waiting, 0)
    waiting.resolve(result, receipt)
    if ('revision' in result) this.#watches.learn(result.revision)
  }

  #fail(waiting: WaitingOperation, code: OperationFailure['code'], message: string): void {
    this.#settle(waiting, 1)
    waiting.reject(new OperationFailure(code, message))
  }

  #settle(waiting: WaitingOperation, failures: 0 | 1): void {
    waiting.letGo()
    if (waiting.isSettled) return
    waiting.isSettled = true
    this.#waiting--
    this.#failed += failures
  }

  #giveUp(waiting: WaitingOperation): void {
    if (waiting.isSent) {
      const { cluster } = this.connection
      const n = cluster.replicas.length
      const needed = hasUnorderedReads(cluster) ? quorum(n) : weakQuorum(n)
      this.#fail(
        waiting,
        'unknown',
        `fewer than ${needed} replicas gave the same answer in ${this.#timeoutMs} ms`,
      )
      return
    }
    this.#queue = this.#queue.filter((each) => each !== waiting)
    this.#queueBytes -= waiting.bytes
    this.#fail(waiting, 'stalled', 'earlier requests still wait for an answer, so this one was not sent')
  }
}
