/**
 * Deadlock detection on a consistent cut: Chandy, Lamport, "Distributed Snapshots" (TOCS 1985), section 4, where a
 * deadlock is a stable property. Each process waits for at most one other, which lets it go on once it does not wait
 * itself. A process records for whom it waits, and sends markers; permission that comes on a link between the record
 * and the link's marker was on the way, and ends the wait. The records go to process 0, which looks for a cycle.
 *
 * A detector that ignores the links may find a phantom: a cycle of waits that never were at the same time.
 */
import { type AsynchronousAlgorithm, type Automaton, type Reaction, sendToEach } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

export type DeadlockMessage =
  | { readonly type: 'REQUEST' }
  | { readonly type: 'PERMIT' }
  | { readonly type: 'MARKER' }
  | { readonly type: 'RECORD'; readonly waitsFor: ProcessId | null }

export interface DeadlockState {
  readonly waitsFor: ProcessId | null
  /** The processes that wait for this one, until it goes on itself. */
  readonly owed: readonly ProcessId[]
  readonly hasRecorded: boolean
  readonly recorded: ProcessId | null
  /** The links on which no marker has come. */
  readonly open: readonly ProcessId[]
  /** At process 0: the records by process; undefined where none has come. */
  readonly records: Readonly<Record<ProcessId, ProcessId | null>>
}

type React = Reaction<DeadlockState, DeadlockMessage>

export function deadlockDetection(options: {
  readonly n: number
  /** False for a naive detector, which ignores what is on the links. */
  readonly recordsLinks?: boolean
}): AsynchronousAlgorithm<DeadlockState, DeadlockMessage> {
  const { n, recordsLinks = true } = options

  const process = (self: ProcessId): Automaton<DeadlockState, DeadlockMessage> => {
    const others = everyoneBut(n, self)

    const record = (state: DeadlockState): React => ({
      state: { ...state, hasRecorded: true, recorded: state.waitsFor, open: others },
      sends: sendToEach(others, { type: 'MARKER' }),
    })

    function takeMarker(state: DeadlockState, from: ProcessId): React {
      const reaction = state.hasRecorded ? { state, sends: [] } : record(state)
      const open = reaction.state.open.filter((id) => id !== from)
      const next = { ...reaction.state, open }
      if (open.length > 0) return { ...reaction, state: next }
      if (self === 0) return takeRecord(next, 0, next.recorded)
      const message = { type: 'RECORD', waitsFor: next.recorded } as const
      return { state: next, sends: [...(reaction.sends ?? []), { to: 0, message }] }
    }

    function takeRecord(state: DeadlockState, from: ProcessId, waitsFor: ProcessId | null): React {
      const records = { ...state.records, [from]: waitsFor }
      const next = { ...state, records }
      if (Object.keys(records).length < n) return { state: next }
      return { state: next, outputs: [{ event: 'finds', value: cycleIn(records) ?? 'no deadlock' }] }
    }

    function takePermit(state: DeadlockState, from: ProcessId): React {
      const wasOnTheWay = recordsLinks && state.recorded === from && state.open.includes(from)
      return {
        state: { ...state, waitsFor: null, owed: [], recorded: wasOnTheWay ? null : state.recorded },
        sends: sendToEach(state.owed, { type: 'PERMIT' }),
        outputs: [{ event: 'goes on' }],
      }
    }

    return {
      start: () => ({
        state: { waitsFor: null, owed: [], hasRecorded: false, recorded: null, open: [], records: {} },
        timers: [{ name: 'ask', after: 1 + self }, ...(self === 0 ? [{ name: 'snapshot', after: 6 }] : [])],
      }),
      expire(state, timer) {
        if (timer === 'snapshot') return state.hasRecorded ? { state } : record(state)
        const to = (self + 1) % n
        return {
          state: { ...state, waitsFor: to },
          sends: [{ to, message: { type: 'REQUEST' } }],
          outputs: [{ event: 'waits for', value: `P${to}` }],
        }
      },
      receive(state, from, message) {
        switch (message.type) {
          case 'REQUEST':
            if (state.waitsFor !== null) return { state: { ...state, owed: [...state.owed, from] } }
            return { state, sends: [{ to: from, message: { type: 'PERMIT' } }] }
          case 'PERMIT':
            return takePermit(state, from)
          case 'MARKER':
            return takeMarker(state, from)
          case 'RECORD':
            return takeRecord(state, from, message.waitsFor)
        }
      },
    }
  }
  return { n, isFifo: true, process }
}

/** Returns a cycle of waits as `P0 → P1 → P0`; null if there is none. */
export function cycleIn(waits: Readonly<Record<ProcessId, ProcessId | null>>): string | null {
  for (const start of Object.keys(waits).map(Number)) {
    const path = [start]
    for (let next = waits[start] ?? null; next !== null && path.length <= Object.keys(waits).length; ) {
      path.push(next)
      if (next === start) return path.map((id) => `P${id}`).join(' → ')
      next = waits[next] ?? null
    }
  }
  return null
}
