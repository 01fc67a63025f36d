/** Runs an asynchronous algorithm once in virtual time: delays, faults and coins come from one source of choices. */
import type { TypedMessage } from '../../classics/automaton.ts'
import type { ProcessId } from '../../classics/process.ts'
import type { Exploration } from './explore-orders.ts'
import { forEachChoice } from './explore-rounds.ts'
import { factsOf, type Judge } from './judge.ts'
import type { Choose } from './run.ts'
import { labelOf, SpaceTime, valueText } from './space-time.ts'
import {
  type Draws,
  emptyWorld,
  enabledFaults,
  type Happening,
  performEvent,
  ripeTimers,
  type Setting,
  type World,
  type WorldEvent,
} from './world.ts'

const EVENTS_MAX = 20_000
/** By default, one event in this number is preceded by a fault of the budget. */
const EVENTS_PER_FAULT = 8

/** The world's time: delays of messages and the clocks of processes. */
export interface Timing {
  /** The delays that a message can have. */
  readonly delays: readonly number[]
  /** Narrows the delays of a link; all of `delays` by default. */
  readonly delaysOf?: (from: ProcessId, to: ProcessId) => readonly number[]
  /** The reading of the clock of a process; the time itself by default. */
  readonly clock?: (process: ProcessId, time: number) => number
  /** The time at which the run ends; by default it ends when no event is left. */
  readonly end?: number
}

export interface DrawnRun<State> {
  readonly diagram: SpaceTime
  readonly violation: string | null
  readonly world: World<State, unknown>
}

export interface DrawnOptions<State, Message extends TypedMessage> {
  readonly setting: Setting<State, Message>
  readonly judge: Judge<State>
  readonly timing: Timing
  readonly choose: Choose
  /** One event in this number is preceded by a fault of the budget. */
  readonly eventsPerFault?: number
}

export function runDrawn<State, Message extends TypedMessage>(
  options: DrawnOptions<State, Message>,
): DrawnRun<State> {
  const { setting, judge, timing, choose, eventsPerFault = EVENTS_PER_FAULT } = options
  const draws = drawsOf(timing, choose, eventsPerFault)
  const diagram = new SpaceTime(setting.algorithm.n)
  let world = emptyWorld(setting)
  const perform = (event: WorldEvent): string | null => {
    const progress = performEvent(setting, world, event, draws)
    noteHappenings(diagram, progress.happenings)
    world = progress.world
    return judge(factsOf(world, false))
  }
  for (let process = 0; process < setting.algorithm.n; process++) {
    const violation = perform({ kind: 'start', process })
    if (violation !== null) return { diagram, violation, world }
  }
  for (let count = 0; count < EVENTS_MAX; count++) {
    const faults = enabledFaults(setting, world)
    const isFault = faults.length > 0 && choose(eventsPerFault) === 0
    const next = isFault
      ? { event: faults[choose(faults.length)] as WorldEvent, at: world.time }
      : earliest(setting, world)
    if (next === null || next.at > (timing.end ?? Number.POSITIVE_INFINITY)) break
    world = { ...world, time: next.at }
    const violation = perform(next.event)
    if (violation !== null) return { diagram, violation, world }
  }
  return { diagram, violation: judge(factsOf(world, true)), world }
}

/** Explores every run in which each message takes one of the delays, with the faults of the budget at every place. */
export function exploreDelays<State, Message extends TypedMessage>(
  options: Omit<DrawnOptions<State, Message>, 'choose'>,
): Exploration {
  let runs = 0n
  let worlds = 0
  let found: Exploration['violation'] = null
  forEachChoice((choose) => {
    const { diagram, violation } = runDrawn({ ...options, choose, eventsPerFault: 2 })
    runs++
    worlds += diagram.events.length
    const isShorter = found === null || diagram.events.length < found.diagram.events.length
    if (violation !== null && isShorter) found = { property: violation, diagram }
  })
  return { runs, worlds, isComplete: true, violation: found }
}

function drawsOf({ delays, delaysOf, clock }: Timing, choose: Choose, eventsPerFault: number): Draws {
  return {
    choose,
    delay: (from, to) => {
      const possible = delaysOf?.(from, to) ?? delays
      return possible[possible.length === 1 ? 0 : choose(possible.length)] ?? 0
    },
    clock: (process, time) => clock?.(process, time) ?? time,
    crashAfter: (_process, sends) => {
      if (sends === 0 || choose(eventsPerFault) !== 0) return null
      return choose(sends)
    },
  }
}

/** Returns the message or timer with the earliest time; null if none is left. */
function earliest<State, Message extends TypedMessage>(
  setting: Setting<State, Message>,
  world: World<State, Message>,
): { readonly event: WorldEvent; readonly at: number } | null {
  const deliveries = world.underWay
    .filter(({ to }) => !world.crashed.includes(to))
    .map(({ id, at }) => ({ event: { kind: 'deliver', id } as const, at }))
  const expiries = ripeTimers(setting, world).map(({ process, name, at }) => ({
    event: { kind: 'expire', process, name } as const,
    at,
  }))
  const all = [...deliveries, ...expiries]
  const first = Math.min(...all.map(({ at }) => at))
  return all.find(({ at }) => at === first) ?? null
}

/** Adds an event to the diagram. */
export function noteHappenings(diagram: SpaceTime, happenings: readonly Happening[]): void {
  for (const happening of happenings) {
    switch (happening.kind) {
      case 'send': {
        const { id, from, to, message } = happening.flight
        const { type, ...fields } = message
        diagram.send(id, from, to, labelOf(type, fields))
        break
      }
      case 'receive':
        diagram.receive(happening.flight.id)
        break
      case 'lose':
        diagram.lose(happening.flight.id)
        break
      case 'expire':
        diagram.local(happening.process, `timer: ${happening.name}`)
        break
      case 'output': {
        const { process, event, value } = happening.output
        diagram.local(process, value === undefined ? event : `${event} ${valueText(value)}`)
        break
      }
      case 'part': {
        const [first = 0] = happening.side
        const names = happening.side.map((id) => `P${id}`).join(' and ')
        diagram.local(first, `the network parts: ${names} on one side`)
        break
      }
      default:
        diagram.local(happening.process, happening.kind === 'crash' ? 'crashes' : 'restarts')
    }
  }
}
