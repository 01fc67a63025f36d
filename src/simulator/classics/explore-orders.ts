/**
 * Explores every run of an asynchronous algorithm within bounds: messages arrive in every order, timers expire at
 * every moment, and the faults of the budget happen at every place. Equal worlds are explored once and their runs are
 * counted. The search is breadth-first by the number of events, so the violation that it finds is among the shortest.
 */
import type { TypedMessage } from '../../classics/automaton.ts'
import { forEachChoice } from './explore-rounds.ts'
import type { Judge } from './judge.ts'
import { factsOf } from './judge.ts'
import { textOf } from './plain-text.ts'
import { noteHappenings } from './run-drawn.ts'
import { SpaceTime } from './space-time.ts'
import {
  type Draws,
  emptyWorld,
  enabledEvents,
  enabledFaults,
  performEvent,
  type Setting,
  type World,
  type WorldEvent,
} from './world.ts'

/** The maximum number of different worlds of a search. */
const WORLDS_MAX = 400_000

export interface Violation {
  readonly property: string
  readonly diagram: SpaceTime
}

export interface Exploration {
  /** The number of complete runs; runs that end at a violation do not count. */
  readonly runs: bigint
  /** The number of different worlds. */
  readonly worlds: number
  /** False if the search gave up before it had seen all. */
  readonly isComplete: boolean
  readonly violation: Violation | null
}

export interface OrdersOptions<State, Message extends TypedMessage> {
  readonly setting: Setting<State, Message>
  readonly judge: Judge<State>
  /** True if the judge ignores the order between outputs of different processes. */
  readonly isUnordered?: boolean
  readonly worldsMax?: number
}

interface Node<State, Message> {
  readonly world: World<State, Message>
  readonly parent: Node<State, Message> | null
  readonly event: WorldEvent | null
  /** The outcomes of the choices within the event. */
  readonly taken: readonly number[]
  runs: bigint
}

export function exploreOrders<State, Message extends TypedMessage>(
  options: OrdersOptions<State, Message>,
): Exploration {
  const { setting, judge, isUnordered = false, worldsMax = WORLDS_MAX } = options
  const { n } = setting.algorithm
  let worlds = 0
  let runs = 0n
  let frontier: readonly Node<State, Message>[] = [
    { world: emptyWorld(setting), parent: null, event: null, taken: [], runs: 1n },
  ]
  while (frontier.length > 0) {
    const next = new Map<string, Node<State, Message>>()
    for (const node of frontier) {
      const { world } = node
      const starting = world.states.length
      const events: readonly WorldEvent[] =
        starting < n ? [{ kind: 'start', process: starting }] : enabledEvents(setting, world)
      const isEnd = events.length === 0
      const property = judge(factsOf(world, isEnd))
      if (property !== null) {
        const violation = { property, diagram: replay(setting, node) }
        return { runs, worlds, isComplete: false, violation }
      }
      if (isEnd) runs += node.runs
      const faults = starting < n ? [] : enabledFaults(setting, world)
      for (const event of [...events, ...faults]) {
        for (const reached of successors(setting, node, event)) {
          const key = keyOf(reached.world, isUnordered)
          const known = next.get(key)
          if (known === undefined) next.set(key, reached)
          else known.runs += node.runs
        }
      }
    }
    worlds += next.size
    if (worlds > worldsMax) return { runs, worlds, isComplete: false, violation: null }
    frontier = [...next.values()]
  }
  return { runs, worlds, isComplete: true, violation: null }
}

/** Returns the worlds after an event, one for each outcome of the choices within it. */
function successors<State, Message extends TypedMessage>(
  setting: Setting<State, Message>,
  node: Node<State, Message>,
  event: WorldEvent,
): readonly Node<State, Message>[] {
  const reached: Node<State, Message>[] = []
  forEachChoice((choose) => {
    const taken: number[] = []
    const draws = timeless((options) => {
      const way = choose(options)
      taken.push(way)
      return way
    })
    const { world } = performEvent(setting, node.world, event, draws)
    reached.push({ world, parent: node, event, taken, runs: node.runs })
  })
  return reached
}

/** Draws of a world without time, in which a process may crash between any two sends. */
const timeless = (choose: Draws['choose']): Draws => ({
  choose,
  delay: () => 0,
  clock: () => 0,
  crashAfter: (_process, sends) => {
    const sent = choose(sends + 1)
    return sent < sends ? sent : null
  },
})

/** Returns the diagram of the run that led to a world. */
function replay<State, Message extends TypedMessage>(
  setting: Setting<State, Message>,
  last: Node<State, Message>,
): SpaceTime {
  const path: Node<State, Message>[] = []
  for (let node: Node<State, Message> | null = last; node !== null; node = node.parent) path.unshift(node)
  const diagram = new SpaceTime(setting.algorithm.n)
  let world = emptyWorld(setting)
  for (const { event, taken } of path) {
    if (event === null) continue
    const left = [...taken]
    const progress = performEvent(
      setting,
      world,
      event,
      timeless(() => left.shift() ?? 0),
    )
    noteHappenings(diagram, progress.happenings)
    world = progress.world
  }
  return diagram
}

/** Returns a text that is equal for equal worlds, regardless of the numbers of messages. */
function keyOf<State, Message>(world: World<State, Message>, isUnordered: boolean): string {
  const { states, crashed, underWay, timers, outputs, crashesLeft, lossesLeft, restartsLeft } = world
  // In the order of links, and within each in that of sending: this serves FIFO links and others.
  const flights = underWay.map(({ from, to, message }) => ({ link: `${from}>${to}`, text: textOf(message) }))
  flights.sort((a, b) => (a.link < b.link ? -1 : a.link > b.link ? 1 : 0))
  const told = isUnordered ? [...outputs].sort((a, b) => a.process - b.process) : outputs
  return [
    states.map(textOf).join(),
    crashed.join(),
    flights.map(({ link, text }) => link + text).join(),
    timers
      .map(({ process, name }) => `${process} ${name}`)
      .sort()
      .join(),
    told.map(textOf).join(),
    `${crashesLeft} ${lossesLeft} ${restartsLeft} ${world.isParted}`,
  ].join('|')
}
