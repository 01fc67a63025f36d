/**
 * A register on majorities: Attiya, Bar-Noy, Dolev, "Sharing Memory Robustly in Message-Passing Systems" (1995), in the
 * form with several writers. It is linearizable, and waits where no majority can be reached: in the terms of Gilbert,
 * Lynch, "Brewer's Conjecture" (2002), it is consistent under a partition, and the smaller side is not available.
 *
 * Each operation asks a majority for the latest value and then stores it, or the new one with a higher timestamp, at a
 * majority: 4(n - 1) messages.
 */
import {
  type AsynchronousAlgorithm,
  type Automaton,
  type Reaction,
  sendToEach,
  type TypedMessage,
} from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

/** A value with a timestamp, which is a count and the writer. */
export interface Version {
  readonly count: number
  readonly writer: ProcessId
  readonly value: string
}

export const NEVER_WRITTEN: Version = { count: 0, writer: 0, value: 'nothing' }

export const isNewer = (a: Version, b: Version): boolean =>
  a.count > b.count || (a.count === b.count && a.writer > b.writer)

export type MajorityMessage = TypedMessage & { readonly round: number } & (
    | { readonly type: 'ASK' | 'STORED' }
    | ({ readonly type: 'LATEST' | 'STORE' } & Version)
  )

export type UserOperation = 'read' | { readonly write: string }

export interface MajorityState {
  readonly version: Version
  /** The operations that are still to do; the first one is being done if the round is not null. */
  readonly left: readonly UserOperation[]
  readonly phase: 'idle' | 'asks' | 'stores'
  /** Numbers the questions, so that late answers are not counted. */
  readonly round: number
  readonly answered: readonly ProcessId[]
  readonly latest: Version
}

export interface RegisterOptions {
  readonly n: number
  /** By process: what its user does, one operation after the other. */
  readonly operations: readonly (readonly UserOperation[])[]
}

export function majorityRegister(
  options: RegisterOptions,
): AsynchronousAlgorithm<MajorityState, MajorityMessage> {
  return { n: options.n, process: (self) => new MajorityProcess(self, options) }
}

/** A replica with its user. */
class MajorityProcess implements Automaton<MajorityState, MajorityMessage> {
  readonly #n: number
  readonly #self: ProcessId
  readonly #others: readonly ProcessId[]
  readonly #operations: readonly UserOperation[]

  constructor(self: ProcessId, { n, operations }: RegisterOptions) {
    this.#n = n
    this.#self = self
    this.#others = everyoneBut(n, self)
    this.#operations = operations[self] ?? []
  }

  start(): Reaction<MajorityState, MajorityMessage> {
    const versions = { version: NEVER_WRITTEN, latest: NEVER_WRITTEN }
    const state = { ...versions, left: this.#operations, phase: 'idle', round: 0, answered: [] } as const
    return { state, timers: this.#nextTimer(state) }
  }

  /** The user wants the next operation. */
  expire(state: MajorityState): Reaction<MajorityState, MajorityMessage> {
    const [operation] = state.left
    if (operation === undefined || state.phase !== 'idle') return { state }
    const round = state.round + 1
    return {
      state: { ...state, phase: 'asks', round, answered: [this.#self], latest: state.version },
      sends: sendToEach(this.#others, { type: 'ASK', round }),
      outputs: [{ event: 'begins', value: operationText(operation) }],
    }
  }

  receive(
    state: MajorityState,
    from: ProcessId,
    message: MajorityMessage,
  ): Reaction<MajorityState, MajorityMessage> {
    const { round } = message
    switch (message.type) {
      case 'ASK':
        return { state, sends: [{ to: from, message: { type: 'LATEST', round, ...state.version } }] }
      case 'STORE': {
        const next = store(state, versionIn(message))
        return { state: next, sends: [{ to: from, message: { type: 'STORED', round } }] }
      }
      case 'LATEST': {
        if (round !== state.round || state.phase !== 'asks') return { state }
        const said = versionIn(message)
        const latest = isNewer(said, state.latest) ? said : state.latest
        const next = { ...state, latest, answered: [...state.answered, from].sort() }
        return 2 * next.answered.length > this.#n ? this.#storeLatest(next) : { state: next }
      }
      case 'STORED': {
        if (round !== state.round || state.phase !== 'stores') return { state }
        const next = { ...state, answered: [...state.answered, from].sort() }
        return 2 * next.answered.length > this.#n ? this.#finish(next) : { state: next }
      }
    }
  }

  /** A read stores the latest value as well, so that no later read misses it. */
  #storeLatest(state: MajorityState): Reaction<MajorityState, MajorityMessage> {
    const [operation] = state.left
    const { count } = state.latest
    const version =
      operation === undefined || operation === 'read'
        ? state.latest
        : { count: count + 1, writer: this.#self, value: operation.write }
    const round = state.round + 1
    const next = {
      ...store(state, version),
      latest: version,
      phase: 'stores',
      round,
      answered: [this.#self],
    } as const
    return { state: next, sends: sendToEach(this.#others, { type: 'STORE', round, ...version }) }
  }

  #finish(state: MajorityState): Reaction<MajorityState, MajorityMessage> {
    const [operation = 'read', ...left] = state.left
    const next = { ...state, left, phase: 'idle', answered: [] } as const
    const value = operation === 'read' ? state.latest.value : operation.write
    const event = operation === 'read' ? 'reads' : 'has written'
    return { state: next, outputs: [{ event, value }], timers: this.#nextTimer(next) }
  }

  #nextTimer({ left }: MajorityState) {
    return left.length > 0 ? [{ name: 'user', after: 1 }] : []
  }
}

const versionIn = ({ count, writer, value }: Version): Version => ({ count, writer, value })

const store = (state: MajorityState, version: Version): MajorityState =>
  isNewer(version, state.version) ? { ...state, version } : state

export const operationText = (operation: UserOperation): string =>
  operation === 'read' ? 'read' : `write ${operation.write}`
