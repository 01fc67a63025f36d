/**
 * The world of an asynchronous algorithm: the states of its processes, the messages in flight, the set timers, and the
 * remaining faults. A world is immutable; an event leads to another one.
 */
import type {
  AsynchronousAlgorithm,
  Output,
  Reaction,
  Surroundings,
  TypedMessage,
} from '../../classics/automaton.ts'
import type { ProcessId } from '../../classics/process.ts'
import { textOf } from './plain-text.ts'
import type { Choose } from './run.ts'

export interface Flight<Message> {
  readonly id: number
  readonly from: ProcessId
  readonly to: ProcessId
  readonly message: Message
  /** The time of its arrival; absent if all orders are explored. */
  readonly at: number
}

export interface SetTimer {
  readonly process: ProcessId
  readonly name: string
  readonly at: number
}

export interface ProcessOutput extends Output {
  readonly process: ProcessId
}

/** The budget of faults of a run: the maximum number of each. */
export interface FaultBudget {
  readonly crashes?: number
  readonly losses?: number
  readonly restarts?: number
  /** The processes that are dead from the beginning. */
  readonly dead?: readonly ProcessId[]
  /** One side of a partition that may begin at any moment and then lasts. */
  readonly side?: readonly ProcessId[]
  /** The processes that may crash; all by default. */
  readonly crashable?: readonly ProcessId[]
}

export interface World<State, Message> {
  /** By process. */
  readonly states: readonly State[]
  readonly crashed: readonly ProcessId[]
  readonly underWay: readonly Flight<Message>[]
  readonly timers: readonly SetTimer[]
  readonly outputs: readonly ProcessOutput[]
  readonly crashesLeft: number
  readonly lossesLeft: number
  readonly restartsLeft: number
  /** True once the network is partitioned. */
  readonly isParted: boolean
  readonly time: number
  readonly sent: number
}

export type WorldEvent =
  | { readonly kind: 'start'; readonly process: ProcessId }
  | { readonly kind: 'deliver'; readonly id: number }
  | { readonly kind: 'lose'; readonly id: number }
  | { readonly kind: 'expire'; readonly process: ProcessId; readonly name: string }
  | { readonly kind: 'crash'; readonly process: ProcessId }
  | { readonly kind: 'restart'; readonly process: ProcessId }
  | { readonly kind: 'part' }

/** An event of a run, at a process or of a message. */
export type Happening =
  | { readonly kind: 'send' | 'receive' | 'lose'; readonly flight: Flight<TypedMessage> }
  | { readonly kind: 'expire'; readonly process: ProcessId; readonly name: string }
  | { readonly kind: 'output'; readonly output: ProcessOutput }
  | { readonly kind: 'crash' | 'restart'; readonly process: ProcessId }
  | { readonly kind: 'part'; readonly side: readonly ProcessId[] }

export interface Setting<State, Message extends TypedMessage> {
  readonly algorithm: AsynchronousAlgorithm<State, Message>
  readonly faults?: FaultBudget
  /** True for links that deliver no message in the whole run. */
  readonly isCut?: (from: ProcessId, to: ProcessId) => boolean
  /** True for the timers that may expire now; bounds on time exclude some. */
  readonly mayExpire?: (world: World<State, Message>, timer: SetTimer) => boolean
}

/** The choices that an event leaves open. */
export interface Draws {
  readonly choose: Choose
  /** The time that a message needs. */
  delay(from: ProcessId, to: ProcessId): number
  /** The reading of the clock of a process at a time. */
  clock(process: ProcessId, time: number): number
  /** The number of messages that the process sends in this step before it crashes; null if it does not crash. */
  crashAfter(process: ProcessId, sends: number): number | null
}

export interface Progress<State, Message> {
  readonly world: World<State, Message>
  readonly happenings: readonly Happening[]
}

export function emptyWorld<State, Message extends TypedMessage>({
  faults = {},
}: Setting<State, Message>): World<State, Message> {
  return {
    states: [],
    crashed: [...(faults.dead ?? [])],
    underWay: [],
    timers: [],
    outputs: [],
    crashesLeft: faults.crashes ?? 0,
    lossesLeft: faults.losses ?? 0,
    restartsLeft: faults.restarts ?? 0,
    isParted: false,
    time: 0,
    sent: 0,
  }
}

/** Returns the events that are not faults: deliveries that links allow, and timers. */
export function enabledEvents<State, Message extends TypedMessage>(
  setting: Setting<State, Message>,
  world: World<State, Message>,
): readonly WorldEvent[] {
  const { underWay, crashed } = world
  const seen = new Set<string>()
  const deliveries = underWay.filter(({ from, to, message }) => {
    // On a FIFO link, only the first message may arrive next; equal messages are interchangeable.
    const key = setting.algorithm.isFifo ? `${from} ${to}` : `${from} ${to} ${textOf(message)}`
    if (crashed.includes(to) || seen.has(key)) return false
    seen.add(key)
    return true
  })
  return [
    ...deliveries.map(({ id }) => ({ kind: 'deliver', id }) as const),
    ...ripeTimers(setting, world).map(({ process, name }) => ({ kind: 'expire', process, name }) as const),
  ]
}

/** Returns the timers that may expire now. */
export const ripeTimers = <State, Message extends TypedMessage>(
  { mayExpire }: Setting<State, Message>,
  world: World<State, Message>,
): readonly SetTimer[] =>
  mayExpire === undefined ? world.timers : world.timers.filter((timer) => mayExpire(world, timer))

/** True if no message that can still arrive is in flight. */
export const isQuiet = <State, Message>({ underWay, crashed }: World<State, Message>): boolean =>
  underWay.every(({ to }) => crashed.includes(to))

/** True if messages between these processes are lost. */
export function isSevered<State, Message extends TypedMessage>(
  { isCut, faults }: Setting<State, Message>,
  { isParted }: World<State, Message>,
  link: { readonly from: ProcessId; readonly to: ProcessId },
): boolean {
  const { from, to } = link
  const isAcross = faults?.side?.includes(from) !== faults?.side?.includes(to)
  return (isParted && isAcross) || (isCut?.(from, to) ?? false)
}

/** Returns the faults that may happen next. */
export function enabledFaults<State, Message extends TypedMessage>(
  { algorithm, faults = {} }: Setting<State, Message>,
  world: World<State, Message>,
): readonly WorldEvent[] {
  const alive = world.states.map((_, id) => id).filter((id) => !world.crashed.includes(id))
  const crashable = alive.filter((id) => faults.crashable?.includes(id) ?? true)
  return [
    ...(world.crashesLeft > 0 ? crashable.map((process) => ({ kind: 'crash', process }) as const) : []),
    ...(world.restartsLeft > 0
      ? world.crashed.map((process) => ({ kind: 'restart', process }) as const)
      : []),
    ...(faults.side !== undefined && !world.isParted ? [{ kind: 'part' } as const] : []),
    ...(world.lossesLeft > 0 ? enabledEvents({ algorithm }, world).flatMap(lossOf) : []),
  ]
}

const lossOf = (event: WorldEvent): readonly WorldEvent[] =>
  event.kind === 'deliver' ? [{ kind: 'lose', id: event.id }] : []

/** Performs an event, and returns the world after it with its trace. */
export function performEvent<State, Message extends TypedMessage>(
  setting: Setting<State, Message>,
  world: World<State, Message>,
  event: WorldEvent,
  draws: Draws,
): Progress<State, Message> {
  const { algorithm } = setting
  const surroundingsOf = (process: ProcessId): Surroundings => ({
    clock: draws.clock(process, world.time),
    choose: draws.choose,
  })
  const stateOf = (process: ProcessId): State => world.states[process] as State
  switch (event.kind) {
    case 'start': {
      const { process } = event
      const reaction = algorithm.process(process).start(surroundingsOf(process))
      if (!world.crashed.includes(process))
        return react({ setting, draws, world, process, reaction, first: [] })
      return { world: { ...world, states: [...world.states, reaction.state] }, happenings: [] }
    }
    case 'deliver': {
      const flight = flightOf(world, event.id)
      const { from, to: process, message } = flight
      const reaction = algorithm
        .process(process)
        .receive(stateOf(process), from, message, surroundingsOf(process))
      const next = without(world, event.id)
      return react({ setting, draws, world: next, process, reaction, first: [{ kind: 'receive', flight }] })
    }
    case 'expire': {
      const { process, name } = event
      const timers = world.timers.filter((timer) => timer.process !== process || timer.name !== name)
      const state = stateOf(process)
      const reaction = algorithm.process(process).expire?.(state, name, surroundingsOf(process)) ?? { state }
      return react({ setting, draws, world: { ...world, timers }, process, reaction, first: [event] })
    }
    case 'restart': {
      const { process } = event
      const crashed = world.crashed.filter((id) => id !== process)
      const next = { ...world, crashed, restartsLeft: world.restartsLeft - 1 }
      const state = stateOf(process)
      const reaction = algorithm.process(process).recover?.(state, surroundingsOf(process)) ?? { state }
      return react({ setting, draws, world: next, process, reaction, first: [event] })
    }
    case 'crash':
      return { world: crash(world, event.process), happenings: [event] }
    case 'part': {
      const next = { ...world, isParted: true }
      const lost = world.underWay.filter((flight) => isSevered(setting, next, flight))
      const underWay = world.underWay.filter((flight) => !lost.includes(flight))
      const losses = lost.map((flight) => ({ kind: 'lose', flight }) as const)
      const side = setting.faults?.side ?? []
      return { world: { ...next, underWay }, happenings: [{ kind: 'part', side }, ...losses] }
    }
    case 'lose': {
      const next = { ...without(world, event.id), lossesLeft: world.lossesLeft - 1 }
      return { world: next, happenings: [{ kind: 'lose', flight: flightOf(world, event.id) }] }
    }
  }
}

/** Applies the reaction of a process to the world: state, messages, timers and outputs. */
function react<State, Message extends TypedMessage>(step: {
  readonly setting: Setting<State, Message>
  readonly draws: Draws
  readonly world: World<State, Message>
  readonly process: ProcessId
  readonly reaction: Reaction<State, Message>
  readonly first: readonly Happening[]
}): Progress<State, Message> {
  const { setting, draws, world, process, reaction, first } = step
  const { sends = [], timers = [], outputs = [] } = reaction
  const crashAfter =
    world.crashesLeft > 0 && isCrashable(setting, process) ? draws.crashAfter(process, sends.length) : null
  const sent = sends.slice(0, crashAfter ?? sends.length).map(({ to, message }, index): Flight<Message> => {
    const { isFifo } = setting.algorithm
    const last = isFifo ? world.underWay.filter((flight) => flight.from === process && flight.to === to) : []
    const at = Math.max(world.time + draws.delay(process, to), ...last.map((flight) => flight.at))
    return { id: world.sent + index, from: process, to, message, at }
  })
  const noted = outputs.map((output) => ({ process, ...output }))
  const named = new Set(timers.map(({ name }) => name))
  const set = timers.flatMap(({ name, after }) =>
    after === null ? [] : [{ process, name, at: world.time + after }],
  )
  const states = world.states.length === process ? [...world.states, reaction.state] : world.states
  const next: World<State, Message> = {
    ...world,
    states: states.map((state, id) => (id === process ? reaction.state : state)),
    underWay: [...world.underWay, ...sent.filter((flight) => !isSevered(setting, world, flight))],
    timers: [...world.timers.filter((timer) => timer.process !== process || !named.has(timer.name)), ...set],
    outputs: [...world.outputs, ...noted],
    sent: world.sent + sent.length,
  }
  const happenings: readonly Happening[] = [
    ...first,
    ...noted.map((output) => ({ kind: 'output', output }) as const),
    ...sent.map((flight) => ({ kind: 'send', flight }) as const),
    ...sent
      .filter((flight) => isSevered(setting, world, flight))
      .map((flight) => ({ kind: 'lose', flight }) as const),
  ]
  if (crashAfter === null) return { world: next, happenings }
  return { world: crash(next, process), happenings: [...happenings, { kind: 'crash', process }] }
}

const isCrashable = (
  setting: Setting<never, never> | { readonly faults?: FaultBudget },
  process: ProcessId,
): boolean => setting.faults?.crashable?.includes(process) ?? true

/**
 * A crashed process keeps its state for a restart, but loses its timers and, if it cannot restart, the messages to it.
 */
function crash<State, Message>(world: World<State, Message>, process: ProcessId): World<State, Message> {
  return {
    ...world,
    crashed: [...world.crashed, process].sort(),
    timers: world.timers.filter((timer) => timer.process !== process),
    underWay: world.restartsLeft > 0 ? world.underWay : world.underWay.filter(({ to }) => to !== process),
    crashesLeft: world.crashesLeft - 1,
  }
}

const flightOf = <State, Message>(world: World<State, Message>, id: number): Flight<Message> =>
  world.underWay.find((flight) => flight.id === id) as Flight<Message>

const without = <State, Message>(world: World<State, Message>, id: number): World<State, Message> => ({
  ...world,
  underWay: world.underWay.filter((flight) => flight.id !== id),
})
