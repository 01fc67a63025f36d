/**
 * The duel of two proposers of Paxos: each asks for promises in a higher ballot before the other one's proposal
 * arrives. No process crashes, and no message is lost; each proposal arrives, but too late.
 */
import type { MultiPaxosState, PaxosMessage } from '../../classics/consensus/multi-paxos.ts'
import { multiPaxos } from '../../classics/consensus/multi-paxos.ts'
import { noteHappenings } from './run-drawn.ts'
import { SpaceTime } from './space-time.ts'
import { type Draws, emptyWorld, performEvent, type World, type WorldEvent } from './world.ts'

const DRAWS: Draws = { choose: () => 0, delay: () => 0, clock: () => 0, crashAfter: () => null }

export interface Duel {
  readonly diagram: SpaceTime
  readonly world: World<MultiPaxosState, PaxosMessage>
}

/** Runs a duel of this many ballots; with `isEnded`, the last proposal arrives before anyone outbids it. */
export function duel(ballots: number, isEnded = false): Duel {
  const algorithm = multiPaxos({ n: 3, commands: [['a'], ['b'], []], ballots: [ballots, ballots, 0] })
  const setting = { algorithm }
  const diagram = new SpaceTime(3)
  let world = emptyWorld(setting)
  const perform = (event: WorldEvent) => {
    const progress = performEvent(setting, world, event, DRAWS)
    noteHappenings(diagram, progress.happenings)
    world = progress.world
  }
  /** Delivers the oldest messages of these types until none is left. */
  const deliverAll = (types: readonly PaxosMessage['type'][]) => {
    for (;;) {
      const next = world.underWay.find(({ message }) => types.includes(message.type))
      if (next === undefined) return
      perform({ kind: 'deliver', id: next.id })
    }
  }
  for (let process = 0; process < 3; process++) perform({ kind: 'start', process })
  for (let ballot = 0; ballot < ballots; ballot++) {
    perform({ kind: 'expire', process: ballot % 2, name: 'lead' })
    deliverAll(['PREPARE'])
    // The proposal of the ballot before arrives now: everyone has promised the higher ballot.
    deliverAll(['ACCEPT'])
    deliverAll(['PROMISE'])
  }
  if (isEnded) deliverAll(['ACCEPT', 'ACCEPTED', 'CHOSEN'])
  return { diagram, world }
}
