/**
 * The outcome of a run of an agreement algorithm: the decisions with their times, and every message with its Lamport
 * clock.
 */
import type { Algorithm, Message, Process, ProcessId, Received, Value } from '../../classics/process.ts'

export interface SentMessage {
  readonly from: ProcessId
  readonly to: ProcessId
  readonly payload: Uint8Array
  /**
   * The round in which it was sent; without rounds, the length of the longest causal chain of messages that ends with
   * it.
   */
  readonly round: number
  /** Lamport's clock at the sender, and at the receiver on arrival; null if it did not arrive. */
  readonly sentAt: number
  receivedAt: number | null
}

export interface Decided {
  readonly value: Value
  /** The round in which it was made; without rounds, the longest chain of messages that led to it. */
  readonly round: number
  /** Lamport's clock. */
  readonly at: number
}

export interface AgreementRun {
  readonly algorithm: string
  readonly n: number
  /** The decisions by process; null for none, and for faulty processes. */
  readonly decisions: readonly (Decided | null)[]
  /** Physical messages of all processes, in the order of sending. */
  readonly messages: readonly SentMessage[]
  /** The round of the last decision. */
  readonly rounds: number
}

/** Chooses one of `options` alternatives, as a number below it. */
export type Choose = (options: number) => number

/** Maintains Lamport's clocks and records the events. */
export class Journal {
  readonly #algorithm: Algorithm<unknown>
  readonly #clocks: number[]
  readonly #messages: SentMessage[] = []
  readonly #decisions: (Decided | null)[]

  constructor(algorithm: Algorithm<unknown>) {
    this.#algorithm = algorithm
    this.#clocks = Array.from({ length: algorithm.n }, () => 0)
    this.#decisions = this.#clocks.map(() => null)
  }

  send(from: ProcessId, { to, payload }: Message, round: number): SentMessage {
    const message = { from, to, payload, round, sentAt: this.#tick(from), receivedAt: null }
    this.#messages.push(message)
    return message
  }

  receive(message: SentMessage): Received {
    message.receivedAt = this.#tick(message.to, message.sentAt)
    return { from: message.from, payload: message.payload }
  }

  /** Notes the first decision of a process. */
  decide(id: ProcessId, value: Value | null, round: number): void {
    if (value === null || this.#decisions[id] !== null) return
    this.#decisions[id] = { value, round, at: this.#tick(id) }
  }

  hasDecided(id: ProcessId): boolean {
    return this.#decisions[id] !== null
  }

  finish(): AgreementRun {
    const { name, n } = this.#algorithm
    const decisions = this.#decisions
    const rounds = Math.max(0, ...decisions.map((decided) => decided?.round ?? 0))
    return { algorithm: name, n, decisions, messages: this.#messages, rounds }
  }

  #tick(id: ProcessId, seen = 0): number {
    const clock = Math.max(this.#clocks[id] ?? 0, seen) + 1
    this.#clocks[id] = clock
    return clock
  }
}

export const processesOf = <State>(algorithm: Algorithm<State>): readonly Process<State>[] =>
  Array.from({ length: algorithm.n }, (_, id) => algorithm.process(id))
