/**
 * Distributed snapshots: Chandy, Lamport, "Distributed Snapshots: Determining Global States of Distributed Systems"
 * (TOCS 1985), over transfers of money. A process records its balance and sends a marker on each link before anything
 * else. The first marker makes a process record; what comes on a link after the recording and before its marker was on
 * the way. On FIFO links the records are a consistent cut: no money is in it twice, and none is missing. n(n - 1) markers.
 */
import { type AsynchronousAlgorithm, type Automaton, type Reaction, sendToEach } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'

export type SnapshotMessage = { readonly type: 'MONEY' } | { readonly type: 'MARKER' }

/** The record of one process: its balance, and the money that was on the links to it. */
export interface SnapshotRecord {
  readonly balance: number
  readonly underWay: number
}

export interface SnapshotState {
  readonly balance: number
  readonly transfers: number
  /** Null before it records. */
  readonly record: SnapshotRecord | null
  /** The links on which no marker has come. */
  readonly open: readonly ProcessId[]
}

type React = Reaction<SnapshotState, SnapshotMessage>

export function chandyLamport(options: {
  readonly n: number
  /** The balance of each process, and the number of times that it sends one piece of money to another. */
  readonly balance: number
  readonly transfers: number
  /** False for a naive snapshot, in which each process records its balance when the marker comes, and no link. */
  readonly recordsLinks?: boolean
  readonly isFifo?: boolean
}): AsynchronousAlgorithm<SnapshotState, SnapshotMessage> {
  const { n, balance, transfers, recordsLinks = true, isFifo = true } = options

  const process = (self: ProcessId): Automaton<SnapshotState, SnapshotMessage> => {
    const others = everyoneBut(n, self)

    function record(state: SnapshotState): React {
      return {
        state: { ...state, record: { balance: state.balance, underWay: 0 }, open: others },
        sends: sendToEach(others, { type: 'MARKER' }),
      }
    }

    function takeMarker(state: SnapshotState, from: ProcessId): React {
      const recorded = state.record === null ? record(state) : { state }
      const open = recorded.state.open.filter((id) => id !== from)
      const next = { ...recorded, state: { ...recorded.state, open } }
      if (open.length > 0) return next
      return { ...next, outputs: [{ event: 'has recorded', value: next.state.record }] }
    }

    function takeMoney(state: SnapshotState, from: ProcessId): React {
      const next = { ...state, balance: state.balance + 1 }
      if (next.record === null || !recordsLinks || !state.open.includes(from)) return { state: next }
      return { state: { ...next, record: { ...next.record, underWay: next.record.underWay + 1 } } }
    }

    return {
      start: () => ({
        state: { balance, transfers, record: null, open: [] },
        timers: [
          ...(transfers > 0 ? [{ name: 'transfer', after: 1 }] : []),
          ...(self === 0 ? [{ name: 'snapshot', after: 4 }] : []),
        ],
      }),
      expire(state, timer, { choose }) {
        if (timer === 'snapshot') return state.record === null ? record(state) : { state }
        const to = others[choose(others.length)] ?? 0
        const left = state.transfers - 1
        return {
          state: { ...state, balance: state.balance - 1, transfers: left },
          sends: [{ to, message: { type: 'MONEY' } }],
          timers: left > 0 ? [{ name: 'transfer', after: 2 }] : [],
        }
      },
      receive: (state, from, { type }) =>
        type === 'MARKER' ? takeMarker(state, from) : takeMoney(state, from),
    }
  }
  return { n, isFifo, process }
}
