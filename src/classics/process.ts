/**
 * The interface of every algorithm here: processes that are numbered 0 .. n - 1, each with a value that goes in,
 * messages that go round, and a decision that comes out. A process is pure: what it does depends on its state and on
 * what it receives.
 *
 * In a synchronous algorithm `receive` is called once a round with all that arrived in it; in an asynchronous one, with
 * one message at a time. Nobody writes to himself. Whatever a peer may send, `receive` does not throw: a message that says
 * nothing sensible counts as not sent.
 */
import { FieldReader } from '../messages/fields.ts'
import { unpackPayload } from '../messages/payload.ts'
import { isRejection } from '../messages/rejection.ts'

export type ProcessId = number
/** A whole number in 0 .. 254. What generals agree on is 0 (retreat) or 1 (attack). */
export type Value = number

/** The value that is agreed on when a process that should have said something did not: Lamport's RETREAT. */
export const DEFAULT_VALUE: Value = 0
export const VALUE_MAX = 254

export interface Message {
  readonly to: ProcessId
  readonly payload: Uint8Array
}

/** A message as it arrives. Who sent it is certain: links are authentic. */
export interface Received {
  readonly from: ProcessId
  readonly payload: Uint8Array
}

export interface Step<State> {
  readonly state: State
  readonly outbox: readonly Message[]
  /** In the step in which the process decides; no later step takes it back. */
  readonly decision: Value | null
}

export interface Process<State> {
  /** Takes the value in. Where one process alone has a value, the others' is not looked at. */
  start(value: Value): Step<State>
  receive(state: State, inbox: readonly Received[]): Step<State>
}

export interface Algorithm<State> {
  readonly name: string
  readonly n: number
  /** Rounds after which every correct process has decided; null where there are no rounds. */
  readonly rounds: number | null
  process(self: ProcessId): Process<State>
}

/** Everybody but these, in order. */
export function everyoneBut(n: number, ...left: readonly ProcessId[]): readonly ProcessId[] {
  return Array.from({ length: n }, (_, id) => id).filter((id) => !left.includes(id))
}

export function toEach(targets: readonly ProcessId[], payload: Uint8Array): readonly Message[] {
  return targets.map((to) => ({ to, payload }))
}

/** Returns the fields of a payload; null when it is no such payload. */
export function readMessage<T>(payload: Uint8Array, read: (fields: FieldReader) => T | null): T | null {
  const items = unpackPayload(payload)
  if (isRejection(items)) return null
  const fields = new FieldReader(items)
  const said = read(fields)
  return fields.complete ? said : null
}

/** The value that more than half of these are; the default where none is. */
export function strictMajority(values: readonly Value[]): Value {
  const counts = new Map<Value, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  for (const [value, count] of counts) if (2 * count > values.length) return value
  return DEFAULT_VALUE
}

/** A step of an asynchronous process that takes its messages one by one. */
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
