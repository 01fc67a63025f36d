/**
 * The space-time diagram of a run: every event of every process in a consistent order, with its Lamport clock and
 * vector clock. The clocks belong to the observer and are invisible to the algorithm.
 */
import type { ProcessId } from '../../classics/process.ts'

export interface DiagramEvent {
  readonly kind: 'send' | 'receive' | 'local' | 'lost'
  readonly process: ProcessId
  /** The other end of a message. */
  readonly peer: ProcessId | null
  /** The number of a message, the same at both ends. */
  readonly message: number | null
  readonly label: string
  readonly lamport: number
  readonly vector: readonly number[]
}

/** Builds a diagram from events in a consistent order. */
export class SpaceTime {
  readonly #lamport: number[]
  readonly #vectors: number[][]
  readonly #events: DiagramEvent[] = []
  readonly #sends = new Map<number, DiagramEvent>()
  /** The length of the longest causal chain, by process and by message. */
  readonly #depths: number[]
  readonly #depthOf = new Map<number, number>()

  constructor(n: number) {
    this.#lamport = Array.from({ length: n }, () => 0)
    this.#vectors = this.#lamport.map(() => Array.from({ length: n }, () => 0))
    this.#depths = this.#lamport.map(() => 0)
  }

  get events(): readonly DiagramEvent[] {
    return this.#events
  }

  /** Returns the number of messages that were sent. */
  get messages(): number {
    return this.#sends.size
  }

  /** Returns the length of the longest chain of messages in which each causes the next. */
  get rounds(): number {
    return Math.max(0, ...this.#depthOf.values())
  }

  local(process: ProcessId, label: string): void {
    this.#add({ kind: 'local', process, peer: null, message: null, label })
  }

  send(message: number, from: ProcessId, to: ProcessId, label: string): void {
    this.#depthOf.set(message, (this.#depths[from] ?? 0) + 1)
    this.#sends.set(message, this.#add({ kind: 'send', process: from, peer: to, message, label }))
  }

  receive(message: number): void {
    const sent = this.#sends.get(message)
    if (sent === undefined || sent.peer === null) return
    const lamport = this.#lamport[sent.peer] ?? 0
    this.#lamport[sent.peer] = Math.max(lamport, sent.lamport)
    this.#depths[sent.peer] = Math.max(this.#depths[sent.peer] ?? 0, this.#depthOf.get(message) ?? 0)
    const vector = this.#vectors[sent.peer] ?? []
    this.#vectors[sent.peer] = vector.map((count, id) => Math.max(count, sent.vector[id] ?? 0))
    this.#add({ kind: 'receive', process: sent.peer, peer: sent.process, message, label: sent.label })
  }

  /** The loss of a message belongs to no process, and has the clocks of its sending. */
  lose(message: number): void {
    const sent = this.#sends.get(message)
    if (sent !== undefined) this.#events.push({ ...sent, kind: 'lost' })
  }

  #add(event: Omit<DiagramEvent, 'lamport' | 'vector'>): DiagramEvent {
    const { process } = event
    const lamport = (this.#lamport[process] ?? 0) + 1
    this.#lamport[process] = lamport
    const vector = (this.#vectors[process] ?? []).map((count, id) => (id === process ? count + 1 : count))
    this.#vectors[process] = vector
    const complete = { ...event, lamport, vector }
    this.#events.push(complete)
    return complete
  }
}

/** Returns a name and the fields of plain data in one line: `REQUEST clock=3`. */
export function labelOf(name: string, fields: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(fields).map(([field, value]) => `${field}=${valueText(value)}`)
  return [name, ...words].join(' ')
}

export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '')
}
