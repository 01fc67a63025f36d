/**
 * Figure 8 of the paper on Raft: a leader that commits an entry of an older term by counting its copies. A majority has
 * the entry, one process has applied it, and a leader of a later term overwrites it.
 */
import { type RaftMessage, type RaftState, raft } from '../../classics/consensus/raft.ts'
import type { ProcessId } from '../../classics/process.ts'
import { noteHappenings } from './run-drawn.ts'
import { SpaceTime } from './space-time.ts'
import { type Draws, emptyWorld, performEvent, type World, type WorldEvent } from './world.ts'

const DRAWS: Draws = { choose: () => 0, delay: () => 0, clock: () => 0, crashAfter: () => null }
const N = 5

export interface FigureEight {
  readonly diagram: SpaceTime
  readonly world: World<RaftState, RaftMessage>
}

/** Runs the schedule of the figure; with `countsOldTerms` false, by the rules of Raft. */
export function figureEight(countsOldTerms: boolean): FigureEight {
  const algorithm = raft({
    n: N,
    commands: ['a', null, null, null, 'b'],
    elections: [2, 0, 0, 0, 2],
    countsOldTerms,
  })
  const setting = { algorithm, faults: { crashes: 3, restarts: 2 } }
  const diagram = new SpaceTime(N)
  let world = emptyWorld(setting)
  const perform = (event: WorldEvent): void => {
    const progress = performEvent(setting, world, event, DRAWS)
    noteHappenings(diagram, progress.happenings)
    world = progress.world
  }
  /** Delivers every message between these processes, and the answers, until none is left. */
  const talk = (
    leader: ProcessId,
    others: readonly ProcessId[],
    types: readonly RaftMessage['type'][],
  ): void => {
    for (;;) {
      const { term } = world.states[leader] as RaftState
      const next = world.underWay.find(({ from, to, message }) => {
        const isBetween = (from === leader && others.includes(to)) || (to === leader && others.includes(from))
        return isBetween && types.includes(message.type) && message.term === term
      })
      if (next === undefined) return
      perform({ kind: 'deliver', id: next.id })
    }
  }
  const VOTING = ['REQUEST-VOTE', 'VOTE'] as const
  const APPENDING = ['APPEND', 'APPENDED'] as const
  const stand = (process: ProcessId): void => perform({ kind: 'expire', process, name: 'election' })

  for (let process = 0; process < N; process++) perform({ kind: 'start', process })
  // (a) P0 leads in term 1, and its entry reaches P1 only.
  stand(0)
  talk(0, [1, 2, 4], VOTING)
  talk(0, [1], ['APPEND'])
  perform({ kind: 'crash', process: 0 })
  // (b) P4 leads in term 2, with another entry that reaches nobody.
  stand(4)
  talk(4, [2, 3], VOTING)
  perform({ kind: 'crash', process: 4 })
  // (c) P0 is back, leads in term 3, and copies its old entry to P2: a majority has it.
  perform({ kind: 'restart', process: 0 })
  talk(4, [0], ['REQUEST-VOTE'])
  stand(0)
  talk(0, [1, 2], VOTING)
  talk(0, [1, 2], APPENDING)
  perform({ kind: 'crash', process: 0 })
  // (d) P4 is back, and asks for the votes of P2 and P3: its last entry is of a later term than the old one.
  perform({ kind: 'restart', process: 4 })
  talk(0, [4], ['REQUEST-VOTE'])
  stand(4)
  talk(4, [2, 3], VOTING)
  talk(4, [2, 3], APPENDING)
  return { diagram, world }
}
