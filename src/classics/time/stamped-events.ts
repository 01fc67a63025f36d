/**
 * Processes whose events carry logical clocks. Each process has events of its own, at any moment: it does something
 * alone, or sends a message to another process. Every event is output with its stamp and the events right before it,
 * so that a judge can tell which event happened before which.
 */
import type { AsynchronousAlgorithm, Automaton, Output } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

/** The rules of a logical clock. */
export interface LogicalClock<Stamp> {
  readonly zero: Stamp
  /** Returns the stamp of the next event of a process. */
  tick(now: Stamp, self: ProcessId): Stamp
  /** Returns the clock after a look at the stamp of a message that arrives. */
  merge(now: Stamp, seen: Stamp): Stamp
}

export interface StampedEvent<Stamp> {
  readonly id: string
  readonly stamp: Stamp
  /** The event before it at the same process, and for a receipt the sending. */
  readonly causes: readonly string[]
}

export interface StampedMessage<Stamp> {
  readonly type: 'MESSAGE'
  readonly stamp: Stamp
  /** The name of the event of sending, for the judge. */
  readonly sending: string
}

export interface StampedState<Stamp> {
  readonly clock: Stamp
  /** The number of events so far, and of those of its own accord that are left. */
  readonly count: number
  readonly left: number
}

export function stampedEvents<Stamp>(options: {
  readonly n: number
  /** The number of events that each process has of its own accord. */
  readonly events: number
  readonly clock: LogicalClock<Stamp>
}): AsynchronousAlgorithm<StampedState<Stamp>, StampedMessage<Stamp>> {
  const { n, events, clock: rules } = options

  const process = (self: ProcessId): Automaton<StampedState<Stamp>, StampedMessage<Stamp>> => {
    const nameOf = (count: number): string => `${self}.${count}`

    function happen(state: StampedState<Stamp>, causes: readonly string[]) {
      const clock = rules.tick(state.clock, self)
      const count = state.count + 1
      const before = state.count === 0 ? [] : [nameOf(state.count)]
      const value: StampedEvent<Stamp> = { id: nameOf(count), stamp: clock, causes: [...before, ...causes] }
      const output: Output = { event: 'event', value }
      return { state: { ...state, clock, count }, outputs: [output], id: value.id }
    }

    return {
      start: () => ({
        state: { clock: rules.zero, count: 0, left: events },
        timers: events > 0 ? [{ name: 'event', after: 1 }] : [],
      }),
      expire(state, _timer, { choose }) {
        const { state: next, outputs, id } = happen({ ...state, left: state.left - 1 }, [])
        const to = everyoneBut(n, self)[choose(n) - 1]
        const message = { type: 'MESSAGE', stamp: next.clock, sending: id } as const
        return {
          state: next,
          outputs,
          sends: to === undefined ? [] : [{ to, message }],
          timers: next.left > 0 ? [{ name: 'event', after: 3 }] : [],
        }
      },
      receive(state, _from, { stamp, sending }) {
        const seen = { ...state, clock: rules.merge(state.clock, stamp) }
        const { state: next, outputs } = happen(seen, [sending])
        return { state: next, outputs }
      },
    }
  }
  return { n, process }
}
