/**
 * The application above a multicast: each process multicasts texts, at the start or in answer to a delivery. A multicast
 * is known by its origin, and by its number among the origin's multicasts, counted from 1.
 */
import type { TypedMessage } from '../automaton.ts'
import type { ProcessId } from '../process.ts'

export interface Line {
  readonly sender: ProcessId
  readonly text: string
  /** The text that the sender delivers first; null for a multicast at the start. */
  readonly after: string | null
}

export interface Data extends TypedMessage {
  readonly type: 'DATA'
  readonly origin: ProcessId
  readonly number: number
  readonly text: string
}

/** Returns the texts that a process multicasts once it has delivered this text; those at the start for null. */
export const textsAfter = (
  script: readonly Line[],
  self: ProcessId,
  after: string | null,
): readonly string[] =>
  script.filter((line) => line.sender === self && line.after === after).map(({ text }) => text)

export const isSame = (a: Omit<Data, 'type' | 'text'>, b: Omit<Data, 'type' | 'text'>): boolean =>
  a.origin === b.origin && a.number === b.number
