/** The last steps of a run as a sequence diagram in plain text: a lane for each replica, an arrow for each message. */
import type { ReplicaId } from '../../base/ids.ts'
import type { Effect, Event } from '../../pbft/effects.ts'
import { describeEffect, describeEvent } from './describe.ts'
import { type TracedStep, textOf, timeText } from './trace.ts'

/** Characters from one lane to the next. */
const LANE = 8

/** Keeps the last interesting steps: no idle tick, no STATUS. */
export class StepRecorder {
  readonly #most: number
  #kept: TracedStep[] = []

  constructor(most: number) {
    this.#most = most
  }

  readonly note = (step: TracedStep): void => {
    if (isIdle(step)) return
    this.#kept.push(step)
    if (this.#kept.length > 2 * this.#most) this.#kept = this.#kept.slice(-this.#most)
  }

  get steps(): readonly TracedStep[] {
    return this.#kept.slice(-this.#most)
  }
}

/** True for a step that only keeps the clock or the failure detector going. */
export function isIdle({ event, effects }: TracedStep): boolean {
  if (effects.some((effect) => !isStatus(effect))) return false
  if (event.kind === 'received') return event.message.kind === 'status'
  return event.kind === 'ticked' || event.kind === 'persisted'
}

export const isStatus = (effect: Effect): boolean =>
  (effect.kind === 'send' || effect.kind === 'broadcast') && effect.outgoing.kind === 'status'

/** One line for each step; below it its messages, log records and executions. */
export function sequenceDiagram(steps: readonly TracedStep[], n: number): readonly string[] {
  const lanes = Array.from({ length: n }, (_, id) => `R${id}`.padEnd(LANE)).join('')
  const lines = [`${'ms'.padStart(10)}  ${lanes}`]
  for (const { atMs, replica, event, effects } of steps) {
    lines.push(
      `${timeText(atMs)}  ${arrow(event, replica, n)}${textOf((sink) => describeEvent(sink, event))}`,
    )
    for (const effect of effects) {
      if (isStatus(effect)) continue
      const done = textOf((sink) => describeEffect(sink, effect))
      lines.push(`${' '.repeat(10)}  ${emptyLanes(n, replica)}  ${done}`)
    }
  }
  return lines
}

/** An arrow from the sender's lane to the receiver's, or a mark for a step without a message. */
function arrow(event: Event, to: ReplicaId, n: number): string {
  const row = [...emptyLanes(n)]
  const isMessage = event.kind === 'received' && event.from.kind === 'replica' && event.from.id !== to
  const from = isMessage ? event.from.id : to
  const [left, right] = [Math.min(from, to) * LANE, Math.max(from, to) * LANE]
  for (let column = left + 1; column < right; column++) row[column] = '-'
  row[from * LANE] = isMessage ? 'o' : '*'
  if (from < to) row[right - 1] = '>'
  if (from > to) row[left + 1] = '<'
  // A client's request comes from outside the lanes.
  if (event.kind === 'received' && event.from.kind === 'client') row[to * LANE + 1] = '<'
  return row.join('')
}

/** The lanes of a row with no event, or with an event at one replica. */
function emptyLanes(n: number, busy?: ReplicaId): string {
  return Array.from({ length: n }, (_, id) => (id === busy ? ':' : '|').padEnd(LANE)).join('')
}
