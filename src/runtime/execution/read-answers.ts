/**
 * The answers to reads without ordering: from the state after the last executed batch, without the disk and without a
 * signature. A read that comes while a batch is executed or synced waits for its end.
 * @rule 5.1
 */
import type { ClientId } from '../../base/ids.ts'
import type { ReadAnswerContent } from '../../messages/content.ts'
import type { Read } from '../../messages/message.ts'
import { readTreatmentOf } from '../../pbft/ordering/unordered-reads.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import type { ReplicaRuntimeOptions } from '../replica-runtime-options.ts'

/** The work of one read, in units of `Allowance`. A read that takes more is ordered. */
const READ_WORK_MAX = 2_000
/** The units of work that cost as much as the check of a signature. */
const WORK_PER_CHECK = 64
/** The bytes of results that cost as much, because they are hashed. */
const BYTES_PER_CHECK = 64 * 1024
/** The reads that wait for a batch, of all clients and of one, and their bytes. Beyond these, reads are ordered. */
export const READS_WAITING_MAX = 256
export const READS_WAITING_PER_CLIENT_MAX = 64
export const READ_BYTES_WAITING_MAX = 1024 * 1024
/** Results up to this size are sent by every replica, so that no read of them waits for the designated one. */
const SHORT_RESULTS_BYTES = 512

const NO_DIGEST = new Uint8Array(0)

interface WaitingRead {
  readonly client: ClientId
  readonly read: Read
}

export interface ReadAnswersContext {
  readonly state: () => ReplicaState
  readonly send: (to: ClientId, content: ReadAnswerContent) => void
}

export class ReadAnswers {
  readonly #options: ReplicaRuntimeOptions
  readonly #context: ReadAnswersContext
  readonly #waiting: WaitingRead[] = []
  #waitingBytes = 0

  constructor(options: ReplicaRuntimeOptions, context: ReadAnswersContext) {
    this.#options = options
    this.#context = context
  }

  /** The number of reads that wait, and their bytes. */
  get waiting(): { readonly reads: number; readonly bytes: number } {
    return { reads: this.#waiting.length, bytes: this.#waitingBytes }
  }

  /**
   * Answers a read, or lets it wait, or leaves it to be ordered, which the client is told if it may get one more answer.
   * Returns the cost, in signature checks.
   */
  take(client: ClientId, read: Read, mayAnswer: () => boolean): number {
    const treatment = readTreatmentOf(this.#context.state())
    if (treatment === 'answer') return this.#answer(client, read, mayAnswer)
    if (treatment === 'wait' && this.#hasRoom(client, read)) {
      this.#waiting.push({ client, read })
      this.#waitingBytes += read.bytes.length
    } else if (mayAnswer()) this.#refuse(client, read)
    return 0
  }

  /** Answers the reads that wait, if the last batch is executed and synced by now. */
  work(): void {
    if (this.#waiting.length === 0) return
    const treatment = readTreatmentOf(this.#context.state())
    if (treatment === 'wait') return
    this.#waitingBytes = 0
    for (const { client, read } of this.#waiting.splice(0)) {
      if (treatment === 'answer') this.#answer(client, read, () => true)
      else this.#refuse(client, read)
    }
  }

  #hasRoom(client: ClientId, { bytes }: Read): boolean {
    const own = this.#waiting.filter((each) => each.client === client).length
    return (
      this.#waiting.length < READS_WAITING_MAX &&
      own < READS_WAITING_PER_CLIENT_MAX &&
      this.#waitingBytes + bytes.length <= READ_BYTES_WAITING_MAX
    )
  }

  #answer(client: ClientId, read: Read, mayRefuse: () => boolean): number {
    const { application, suite, id, cluster } = this.#options
    const allowance = { left: READ_WORK_MAX }
    const results = application.read(client, read.operations, allowance)
    const cost = (READ_WORK_MAX - allowance.left) / WORK_PER_CHECK
    if (results === null) {
      if (mayRefuse()) this.#refuse(client, read)
      return cost
    }
    const { responder } = read
    const isAsked = responder === id || responder >= cluster.replicas.length
    const isWhole = isAsked || results.length <= SHORT_RESULTS_BYTES
    this.#send(client, read, { resultDigest: suite.hash(results), results: isWhole ? results : null })
    return cost + results.length / BYTES_PER_CHECK
  }

  /** Leaves a read to be ordered. */
  #refuse(client: ClientId, read: Read): void {
    this.#send(client, read, { resultDigest: NO_DIGEST, results: null })
  }

  #send(
    client: ClientId,
    { session, number }: Read,
    answer: Pick<ReadAnswerContent, 'resultDigest' | 'results'>,
  ): void {
    const { revision } = this.#options.application
    this.#context.send(client, { kind: 'read-answer', session, number, revision, ...answer })
  }
}
