/**
 * The interface of every algorithm here. Processes are numbered 0 .. n - 1; each has an input value, exchanges
 * messages, and outputs a decision. A process is pure: its behaviour depends only on its state and on the messages that
 * it receives.
 *
 * In a synchronous algorithm `receive` is called once per round with all messages of the round; in an asynchronous
 * algorithm it is called with one message at a time. No process sends to itself. `receive` never throws on a peer's
 * message: a malformed message counts as not sent.
 */
import { FieldReader } from '../messages/fields.ts'
import { unpackPayload } from '../messages/payload.ts'
import { isRejection } from '../messages/rejection.ts'

export type ProcessId = number
/** A whole number in 0 .. 254. Generals agree on 0 (retreat) or 1 (attack). */
export type Value = number

/** The value that replaces a missing message: Lamport's RETREAT. */
export const DEFAULT_VALUE: Value = 0
export const VALUE_MAX = 254

export interface Message {
  readonly to: ProcessId
  readonly payload: Uint8Array
}

/** A message as it arrives. Links are authenticated, so the sender is certain. */
export interface Received {
  readonly from: ProcessId
  readonly payload: Uint8Array
}

export interface Step<State> {
  readonly state: State
  readonly outbox: readonly Message[]
  /** The decision, in the step in which the process decides; no later step revokes it. */
  readonly decision: Value | null
}

export interface Process<State> {
  /** Takes the input value. If only one process has an input, the values of the others are ignored. */
  start(value: Value): Step<State>
  receive(state: State, inbox: readonly Received[]): Step<State>
}

export interface Algorithm<State> {
  readonly name: string
  readonly n: number
  /** The number of rounds after which every correct process has decided; null for an algorithm without rounds. */
  readonly rounds: number | null
  process(self: ProcessId): Process<State>
}

/** Returns every process except these, in order. */
export function everyoneBut(n: number, ...left: readonly ProcessId[]): readonly ProcessId[] {
  return Array.from({ length: n }, (_, id) => id).filter((id) => !left.includes(id))
}

export function toEach(targets: readonly ProcessId[], payload: Uint8Array): readonly Message[] {
  return targets.map((to) => ({ to, payload }))
}

/** Returns the fields of a payload; null if the payload does not have this form. */
export function readMessage<T>(payload: Uint8Array, read: (fields: FieldReader) => T | null): T | null {
  const items = unpackPayload(payload)
  if (isRejection(items)) return null
  const fields = new FieldReader(items)
  const said = read(fields)
  return fields.complete ? said : null
}

/** Returns the value that makes up more than half of these; the default if there is none. */
export function strictMajority(values: readonly Value[]): Value {
  const counts = new Map<Value, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  for (const [value, count] of counts) if (2 * count > values.length) return value
  return DEFAULT_VALUE
}

/** Runs an asynchronous process over its messages one by one, as one step. */
export function takeEach<State>(
  state: State,
  inbox: readonly Received[],
  take: (state: State, message: Received) => Step<State>,
): Step<State> {
  let step: Step<State> = { state, outbox: [], decision: null }
  for (const message of inbox) {
    const next = take(step.state, message)
    step = {
      state: next.state,
      outbox: [...step.outbox, ...next.outbox],
      decision: step.decision ?? next.decision,
    }
  }
  return step
}
