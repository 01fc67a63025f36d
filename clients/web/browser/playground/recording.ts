/** A whole run, recorded once under all checkers: its frames, its events, the moments worth a stop, and its result. */
import { startSwarm } from '../../../../attacks/run/simulated/swarm.ts'
import type { View } from '../../../../src/base/ids.ts'
import { primaryOf } from '../../../../src/base/quorum.ts'
import { kindIn } from '../../../../src/messages/frame.ts'
import type { Plan } from '../../../../src/simulator/plan/plan.ts'
import type { DetailedResult, Simulation } from '../../../../src/simulator/runs/simulate.ts'
import type { SentFrame } from '../../../../src/simulator/world/frame-traffic.ts'

/** A frame with the events at which it was sent and arrived. Events are counted from 1; 0 is the beginning. */
export interface RecordedFrame extends SentFrame {
  readonly kind: string
  readonly sentAt: number
  /** Null where it never arrived. */
  arrivedAt: number | null
  /** The virtual time of its arrival, if it arrived. */
  arrivedAtMs: number | null
}

/** Something that happened beside messages: a crash, a restart, a traitor that turns, a new view. */
export interface Note {
  readonly event: number
  readonly atMs: number
  readonly text: string
}

export interface Recording {
  readonly plan: Plan
  readonly frames: readonly RecordedFrame[]
  readonly notes: readonly Note[]
  /** By event, from 0 on: the steps that have happened then, and the virtual time. */
  readonly stepsAt: readonly number[]
  readonly timeAt: readonly number[]
  /** The events behind which something can be seen, in order: from where all replicas run to the end. */
  readonly stops: readonly number[]
  readonly result: DetailedResult
  readonly simulation: Simulation
}

/** Kinds that say nothing new most of the time: they are drawn, and no reason to stop. */
const QUIET: ReadonlySet<string> = new Set(['status', 'heartbeat', 'place-inquiry', 'place'])
export const isQuiet = (kind: string): boolean => QUIET.has(kind)

/** Events that a recording has at most: a run that does not end is cut there. */
const EVENTS_MAX = 400_000

export function record(plan: Plan): Recording {
  const frames: RecordedFrame[] = []
  const notes: Note[] = []
  const stepsAt = [0]
  const timeAt = [0]
  const loud = new Set<number>()
  let event = 0
  const simulation = startSwarm({
    seed: plan.seed,
    plan,
    trace: (line) => {
      const note = noteIn(line)
      if (note === null) return
      loud.add(event)
      notes.push({ event, atMs: note.atMs, text: note.text })
    },
    traffic: {
      onSent(sent) {
        const kind = kindIn(sent.frame) ?? 'unknown'
        if (!isQuiet(kind)) loud.add(event)
        frames[sent.number] = { ...sent, kind, sentAt: event, arrivedAt: null, arrivedAtMs: null }
      },
      onArrived(number, atMs) {
        const frame = frames[number]
        if (frame === undefined) return
        frame.arrivedAt = event
        frame.arrivedAtMs = atMs
        if (!isQuiet(frame.kind)) loud.add(event)
      },
    },
  })
  let view = 0
  let readyAt = 0
  event = 1
  while (event < EVENTS_MAX && simulation.next()) {
    const entered = highestView(simulation)
    if (entered > view) {
      view = entered
      loud.add(event)
      const text = `new view ${view}, primary replica ${primaryOf(view as View, plan.n)}`
      notes.push({ event, atMs: simulation.time.now, text })
    }
    if (readyAt === 0 && simulation.virtual.replicas.every(({ running }) => running !== null)) readyAt = event
    stepsAt.push(simulation.trace.steps)
    timeAt.push(simulation.time.now)
    event++
  }
  return {
    plan,
    frames,
    notes,
    stepsAt,
    timeAt,
    stops: stopsAt(loud, stepsAt, readyAt),
    result: simulation.conclude(),
    simulation,
  }
}

/** The highest view that a correct replica is in. */
const highestView = ({ virtual }: Simulation): number =>
  virtual.replicas.reduce((highest, { isCorrect, running }) => {
    const views = running?.runtime.state.views
    return isCorrect && views?.isActive === true ? Math.max(highest, views.view) : highest
  }, 0)

/** The stops: behind each event with something to see, the next one that takes a step. There, some number of steps is reached first. */
function stopsAt(loud: ReadonlySet<number>, stepsAt: readonly number[], readyAt: number): readonly number[] {
  const last = stepsAt.length - 1
  const stops = new Set<number>()
  for (const event of new Set([readyAt, ...loud])) {
    if (event < readyAt) continue
    for (let at = Math.max(1, event); at <= last; at++) {
      if ((stepsAt[at] as number) === (stepsAt[at - 1] as number)) continue
      stops.add(at)
      break
    }
  }
  stops.add(firstWith(stepsAt, stepsAt[last] as number))
  return [...stops].sort((a, b) => a - b)
}

/** The first event at which so many steps have happened; the last event where there are fewer. */
export function firstWith(stepsAt: readonly number[], steps: number): number {
  let low = 0
  let high = stepsAt.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((stepsAt[middle] as number) >= steps) high = middle
    else low = middle + 1
  }
  return low
}

/** The last event at or before a virtual time. */
export function eventAt(timeAt: readonly number[], atMs: number): number {
  let low = 0
  let high = timeAt.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((timeAt[middle] as number) <= atMs) low = middle
    else high = middle - 1
  }
  return low
}

/** A line of the trace that is no step: a time and a text. Steps begin with the name of their replica and go on below. */
function noteIn(line: string): { readonly atMs: number; readonly text: string } | null {
  if (line.includes('\n')) return null
  const [, time, text = ''] = /^\s*([\d.]+) {2}(.*)$/.exec(line) ?? []
  if (time === undefined || /^(replica \d+ {2}|client \d+)/.test(text)) return null
  return { atMs: Number(time), text }
}
