/** The questions that a client asks replicas apart from its requests, until they are answered. */
import type { ReplicaId } from '../base/ids.ts'
import { NO_BODY } from '../messages/codec.ts'
import { encodeFrame } from '../messages/frame.ts'
import { FRAME_KINDS } from '../messages/kinds.ts'
import type {
  EvidenceDelivery,
  Message,
  OccurrenceDelivery,
  Report,
  StatePages,
} from '../messages/message.ts'
import { packPayload } from '../messages/payload.ts'

/** The answers to such questions. */
export type QuestionAnswer = Report | EvidenceDelivery | OccurrenceDelivery | StatePages

type AnswerOfKind<K extends QuestionAnswer['kind']> = Extract<QuestionAnswer, { readonly kind: K }>

/** A question: the kind of its answers, and the function that takes them. */
interface Asked {
  readonly kind: QuestionAnswer['kind']
  readonly deliver: (answer: QuestionAnswer) => void
}

/** A question, encoded as a whole frame. */
export interface Question {
  readonly nonce: number
  readonly frame: Uint8Array
}

/** Returns a question that only has a nonce. */
export function plainQuestion(kind: 'inquiry' | 'evidence-inquiry', nonce: number): Question {
  const parts = { payload: packPayload([nonce]), authentication: NO_BODY, body: NO_BODY }
  return { nonce, frame: encodeFrame({ kind: FRAME_KINDS[kind], ...parts }).bytes }
}

export class ClientQuestions {
  /** The questions that wait for answers, by their nonce. */
  readonly #asked = new Map<number, Asked>()
  readonly #send: (to: ReplicaId, frame: Uint8Array) => void

  constructor(send: (to: ReplicaId, frame: Uint8Array) => void) {
    this.#send = send
  }

  /** Sends a question to some replicas. Returns a function that stops waiting for their answers. */
  ask<K extends QuestionAnswer['kind']>(
    to: readonly ReplicaId[],
    question: Question,
    answers: { readonly kind: K; readonly deliver: (answer: AnswerOfKind<K>) => void },
  ): () => void {
    this.#asked.set(question.nonce, answers as unknown as Asked)
    for (const id of to) this.#send(id, question.frame)
    return () => this.#asked.delete(question.nonce)
  }

  /** Passes an answer to the function that waits for its kind, if it is authentic. */
  deliver(
    answer: Extract<Message, { readonly nonce: number }>,
    isAuthentic: (answer: QuestionAnswer) => boolean,
  ): void {
    const asked = this.#asked.get(answer.nonce)
    if (asked === undefined || asked.kind !== answer.kind) return
    if (isAuthentic(answer as QuestionAnswer)) asked.deliver(answer as QuestionAnswer)
  }
}
