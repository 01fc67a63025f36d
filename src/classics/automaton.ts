/**
 * The interface of the asynchronous algorithms: one automaton for each process (Lynch, "Distributed Algorithms", 1996,
 * chapter 8). Processes are numbered 0 .. n - 1. An automaton is pure: each event yields a new state, and as data what
 * the process sends, which timers it sets and what it outputs to its user.
 *
 * States and messages are plain data that JSON can hold, so that equal states are recognised. A timer also stands for
 * whatever the user wants at some moment: without bounds on time, it may expire at any moment.
 */
import type { ProcessId } from './process.ts'

/** A message: its type in capitals, then its fields. */
export interface TypedMessage {
  readonly type: string
}

export interface Send<Message> {
  readonly to: ProcessId
  readonly message: Message
}

/** Setting a timer that is already set replaces it. */
export interface Timer {
  readonly name: string
  /** The time until it expires, on the clock of the process; null cancels it. */
  readonly after: number | null
}

/** An event that the user of the algorithm sees, such as "enters"; the judge of a run sees nothing else of it. */
export interface Output {
  readonly event: string
  /** The value that the event is about. */
  readonly value?: unknown
}

export interface Reaction<State, Message> {
  readonly state: State
  readonly sends?: readonly Send<Message>[]
  readonly timers?: readonly Timer[]
  readonly outputs?: readonly Output[]
}

/** The part of the surroundings that a process perceives. */
export interface Surroundings {
  /** The reading of the clock of the process. Zero where an algorithm is explored without time. */
  readonly clock: number
  /** Returns one of `options` ways to go on, as a number below it: a coin, or the will of a liar. */
  choose(options: number): number
}

export interface Automaton<State, Message extends TypedMessage> {
  start(surroundings: Surroundings): Reaction<State, Message>
  receive(
    state: State,
    from: ProcessId,
    message: Message,
    surroundings: Surroundings,
  ): Reaction<State, Message>
  /** Called when a timer expires; without it, timers do nothing. */
  expire?(state: State, timer: string, surroundings: Surroundings): Reaction<State, Message>
  /** Called after a crash with the state before it; the part that was not on stable storage must be forgotten. */
  recover?(state: State, surroundings: Surroundings): Reaction<State, Message>
}

export interface AsynchronousAlgorithm<State, Message extends TypedMessage> {
  readonly n: number
  /** True if the links deliver the messages from one process to another in the order of sending. */
  readonly isFifo?: boolean
  process(self: ProcessId): Automaton<State, Message>
}

/** Returns one send of this message to each of these processes. */
export function sendToEach<Message>(
  targets: readonly ProcessId[],
  message: Message,
): readonly Send<Message>[] {
  return targets.map((to) => ({ to, message }))
}

/** Returns 0 .. n - 1. */
export const allProcesses = (n: number): readonly ProcessId[] => Array.from({ length: n }, (_, id) => id)

/** Lets a process receive at once what it sends to itself, so that only messages to others go over links. */
export function receiveOwn<State, Message>(
  self: ProcessId,
  reaction: Reaction<State, Message>,
  receive: (state: State, message: Message) => Reaction<State, Message>,
): Reaction<State, Message> {
  const { sends = [] } = reaction
  const own = sends.find(({ to }) => to === self)
  if (own === undefined) return reaction
  const rest = sends.filter((send) => send !== own)
  const next = receive(reaction.state, own.message)
  const together = {
    state: next.state,
    sends: [...rest, ...(next.sends ?? [])],
    timers: [...(reaction.timers ?? []), ...(next.timers ?? [])],
    outputs: [...(reaction.outputs ?? []), ...(next.outputs ?? [])],
  }
  return receiveOwn(self, together, receive)
}
