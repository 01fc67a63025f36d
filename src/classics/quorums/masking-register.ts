/**
 * A register on a masking quorum system: Malkhi, Reiter, "Byzantine Quorum Systems" (1998), section 4. The last process
 * is the client; the others are servers, of which up to f lie. The client writes a value with a timestamp to all of a
 * quorum. It reads from all of a quorum, believes what f + 1 servers say alike, and takes the value with the highest
 * timestamp of what it believes. A read and a write take 2 messages for each server of the quorum.
 */
import {
  type AsynchronousAlgorithm,
  type Reaction,
  type Surroundings,
  sendToEach,
  type TypedMessage,
} from '../automaton.ts'
import type { ProcessId } from '../process.ts'
import type { Quorum } from './quorum-systems.ts'

export interface Stamped {
  readonly stamp: number
  readonly value: string
}

/** A request carries the number of the operation, and so does its answer. */
export type RegisterMessage = TypedMessage & { readonly operation: number } & (
    | ({ readonly type: 'WRITE' | 'VALUE' } & Stamped)
    | { readonly type: 'READ' | 'STORED' }
  )

export type Operation = 'read' | { readonly write: string }

export interface RegisterState {
  /** As server: what it stores. */
  readonly stored: Stamped
  /** As client: the number of the operation that it performs, counted from 1, its quorum, and the answers. */
  readonly operation: number
  readonly quorum: Quorum
  readonly answers: readonly (Stamped & { readonly from: ProcessId })[]
}

type RegisterReaction = Reaction<RegisterState, RegisterMessage>

export const INITIAL: Stamped = { stamp: 0, value: 'nothing' }

export function maskingRegister(options: {
  /** The number of servers. */
  readonly servers: number
  readonly faults: number
  readonly quorums: readonly Quorum[]
  /** The operations of the client, one after the other. */
  readonly operations: readonly Operation[]
}): AsynchronousAlgorithm<RegisterState, RegisterMessage> {
  const { servers, faults, quorums, operations } = options
  const blank: RegisterState = { stored: INITIAL, operation: 0, quorum: [], answers: [] }

  /** Begins the next operation with any quorum. */
  function begin(state: RegisterState, { choose }: Surroundings): RegisterReaction {
    const operation = state.operation + 1
    const wanted = operations[operation - 1]
    const quorum = quorums[choose(quorums.length)] ?? []
    const next = { ...state, operation, quorum, answers: [] }
    if (wanted === undefined) return { state: { ...next, quorum: [] } }
    const message: RegisterMessage =
      wanted === 'read'
        ? { type: 'READ', operation }
        : { type: 'WRITE', operation, stamp: operation, value: wanted.write }
    return { state: next, sends: sendToEach(quorum, message) }
  }

  /** Takes an answer; the last one of the quorum ends the operation. */
  function take(
    state: RegisterState,
    answer: Stamped & { readonly from: ProcessId },
    surroundings: Surroundings,
  ): RegisterReaction {
    const answers = [...state.answers, answer].sort((a, b) => a.from - b.from)
    const next = { ...state, answers }
    if (answers.length < state.quorum.length) return { state: next }
    const wanted = operations[state.operation - 1]
    const output =
      wanted === undefined || wanted === 'read'
        ? { event: 'reads', value: believed(answers, faults) }
        : { event: 'has written', value: wanted.write }
    const turn = begin(next, surroundings)
    return { ...turn, outputs: [output] }
  }

  return {
    n: servers + 1,
    process: (self) => ({
      start: (surroundings) => (self === servers ? begin(blank, surroundings) : { state: blank }),
      receive(state, from, message, surroundings) {
        const { operation } = message
        switch (message.type) {
          case 'WRITE': {
            const { stamp, value } = message
            const stored = stamp > state.stored.stamp ? { stamp, value } : state.stored
            return {
              state: { ...state, stored },
              sends: [{ to: from, message: { type: 'STORED', operation } }],
            }
          }
          case 'READ':
            return { state, sends: [{ to: from, message: { type: 'VALUE', operation, ...state.stored } }] }
          case 'STORED':
            return operation === state.operation ? take(state, { from, ...INITIAL }, surroundings) : { state }
          case 'VALUE': {
            const { stamp, value } = message
            return operation === state.operation
              ? take(state, { from, stamp, value }, surroundings)
              : { state }
          }
        }
      },
    }),
  }
}

/** Returns the value with the highest timestamp among those that more than f servers gave alike. */
export function believed(answers: readonly Stamped[], faults: number): string {
  const isAlike = (a: Stamped) => (b: Stamped) => a.stamp === b.stamp && a.value === b.value
  const [highest] = answers
    .filter((answer) => answers.filter(isAlike(answer)).length > faults)
    .sort((a, b) => b.stamp - a.stamp)
  return highest?.value ?? INITIAL.value
}
