import { assert } from '../../base/assert.ts'
import { equalBytes } from '../../base/bytes.ts'
import type { ClientId, ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { RequestOutcome } from '../../base/request-outcome.ts'
import type { RefusalContent } from '../../messages/content.ts'
import type { Batch, RefusalReason, Request } from '../../messages/message.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { Application } from '../../ports.ts'
import type { Answer, ReplyMaker } from './replies.ts'

/** The number of clients whose last repeated reply is kept, and its largest size in bytes. */
const REPEATED_MAX = 256
const REPEATED_BYTES_MAX = 64 * 1024

/** A repeated reply, kept because its client may ask for it again. */
interface Repeated {
  readonly requestDigest: Uint8Array
  readonly frame: Uint8Array
}

export interface ClientAnswersOptions {
  readonly id: ReplicaId
  readonly n: number
  readonly application: Application
  readonly replies: ReplyMaker
  readonly send: (to: ClientId, frame: Uint8Array) => void
  readonly refuse: (to: ClientId, content: RefusalContent) => void
}

/**
 * The answers to clients: outcomes of executed batches, repeated results, and refusals.
 * @rule 1.7
 */
export class ClientAnswers {
  readonly #options: ClientAnswersOptions
  /** The executed batches whose clients are not answered yet: each request with its outcome. */
  readonly #unanswered = new Map<
    Sequence,
    readonly { readonly request: Request; readonly outcome: RequestOutcome }[]
  >()
  readonly #repeated = new Map<ClientId, Repeated>()

  constructor(options: ClientAnswersOptions) {
    this.#options = options
  }

  remember(sequence: Sequence, batch: Batch, outcomes: readonly RequestOutcome[]): void {
    assert(outcomes.length === batch.requests.length, 'the application answers each request')
    if (outcomes.length === 0) return
    this.#unanswered.set(
      sequence,
      batch.requests.map((request, index) => ({ request, outcome: outcomes[index] as RequestOutcome })),
    )
  }

  reply({ view, sequence }: Effect & { readonly kind: 'reply' }): void {
    const executed = this.#unanswered.get(sequence) ?? []
    this.#unanswered.delete(sequence)
    const answers: Answer[] = []
    for (const { request, outcome } of executed) {
      const { results, standing } = outcome
      // An earlier execution was answered then, and is answered again on request. A primary that orders the request
      // again must not multiply its results.
      if (standing === 'executed' || outcome.recovery !== null) continue
      if (standing !== 'new') this.#refuseRequest(request, standing)
      else if (results !== null) {
        answers.push({ outcome: { ...outcome, results }, isWhole: this.#isResponder(request) })
      }
    }
    this.#send({ view, sequence }, answers)
  }

  /**
   * Answers a repeated request. Signs nothing if the client asks again for its last repeated reply.
   * @rule 5.5
   */
  replyAgain({ view, request }: Effect & { readonly kind: 'reply-again' }, sequence: Sequence): void {
    const { client, publicKey, session, timestamp, digest: requestDigest } = request
    const kept = this.#repeated.get(client)
    const isSame = kept !== undefined && equalBytes(kept.requestDigest, requestDigest)
    if (isSame && this.#options.replies.isCurrent(kept.frame)) {
      return this.#options.send(client, kept.frame)
    }
    const results = this.#options.application.results(client, timestamp)
    if (results === null) return this.#refuseRequest(request, 'results-gone')
    const answered = { client, publicKey, session, timestamp, requestDigest, results, recovery: null }
    const [reply] = this.#options.replies.repliesFor({ view, sequence }, [
      { outcome: { ...answered, standing: 'executed' }, isWhole: true },
    ])
    if (reply === undefined) return
    this.#keep(client, { requestDigest, frame: reply.frame })
    this.#options.send(client, reply.frame)
  }

  #keep(client: ClientId, repeated: Repeated): void {
    this.#repeated.delete(client)
    if (repeated.frame.length > REPEATED_BYTES_MAX) return
    this.#repeated.set(client, repeated)
    if (this.#repeated.size <= REPEATED_MAX) return
    for (const oldest of this.#repeated.keys()) {
      this.#repeated.delete(oldest)
      break
    }
  }

  refuse({ client, timestamp, requestDigest, reason }: Effect & { readonly kind: 'refuse' }): void {
    this.#options.refuse(client, { kind: 'refusal', timestamp, requestDigest, reason })
  }

  #send(place: { readonly view: View; readonly sequence: Sequence }, answers: readonly Answer[]): void {
    for (const { to, frame } of this.#options.replies.repliesFor(place, answers)) {
      if (to.kind === 'client') this.#options.send(to.id, frame)
    }
  }

  #isResponder({ responder }: Request): boolean {
    return responder === this.#options.id || responder >= this.#options.n
  }

  #refuseRequest({ client, timestamp, digest }: Request, reason: RefusalReason): void {
    this.refuse({ kind: 'refuse', client, timestamp, requestDigest: digest, reason })
  }
}
