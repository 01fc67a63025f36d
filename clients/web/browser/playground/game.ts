/** The state of the playground: the run that is looked at, the place in it, and what somebody who plays does. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { SWARM } from '../../../../attacks/run/simulated/swarm.ts'
import type { Plan } from '../../../../src/simulator/plan/plan.ts'
import { decodePlanLink, encodePlanLink } from '../../../../src/simulator/plan/plan-link.ts'
import type { Moment } from '../../../../src/simulator/trace/moment.ts'
import { LEVELS, type Level } from './levels.ts'
import { Playback } from './playback.ts'
import { eventAt, firstWith, type Recording, record } from './recording.ts'
import { FIRST_SETUP, planOf } from './setup.ts'

/** Virtual milliseconds in a second of play. */
export const SPEEDS = [10, 25, 50, 100, 400] as const
/** The factor by which time passes faster while nothing is under way. */
const IDLE_HASTE = 8
/** Milliseconds from one stop to the next where motion is reduced. */
const STILL_MS = 900

export interface Game {
  readonly level: Level | null
  readonly recording: Recording
  /** The last runs of this level, by mode. */
  readonly former: ReadonlyMap<string, Recording>
  readonly event: number
  readonly nowMs: number
  readonly moment: Moment
  readonly isPlaying: boolean
  readonly speed: number
  readonly flaw: string | null
  /** The link to this moment. */
  readonly link: string
  play(isPlaying: boolean): void
  setSpeed(speed: number): void
  /** Goes to an event of the run. */
  seek(event: number): void
  /** Goes to the first event at which so many steps have happened. */
  seekStep(step: number): void
  /** Goes to the next stop, or the one before. */
  move(by: 1 | -1): void
  /** Changes the plan, and stays at the same place. */
  change(plan: Plan): void
  /** Begins a level, or free play. */
  begin(level: Level | null): void
}

interface Run {
  readonly level: Level | null
  readonly playback: Playback
  readonly former: ReadonlyMap<string, Recording>
}

interface Opened {
  readonly plan: Plan
  readonly step: number
  readonly level: Level | null
  readonly flaw: string | null
}

/** The run that the address names, or the one that the page was written for; else the first level. */
function opened(): Opened {
  const written = document.querySelector<HTMLMetaElement>('meta[name="opened-at"]')?.content ?? ''
  const [first = null] = LEVELS
  for (const text of [location.hash.slice(1), written]) {
    const found = decodePlanLink(text, SWARM)
    if (typeof found === 'string') return { plan: planOf(FIRST_SETUP), step: 0, level: null, flaw: found }
    if (found === null) continue
    const level = LEVELS.find(({ name }) => name === found.level) ?? null
    return { plan: found.plan, step: found.step, level, flaw: null }
  }
  return { plan: first?.start() ?? planOf(FIRST_SETUP), step: 0, level: first, flaw: null }
}

const prefersStillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches

export function useGame(): Game {
  const start = useMemo(opened, [])
  const [flaw, setFlaw] = useState(start.flaw)
  const [run, setRun] = useState<Run>(() => runOf(start.plan, start.level, new Map()))
  const { playback, level, former } = run
  const { recording } = playback
  const { stepsAt, timeAt, stops } = recording
  const [event, setEvent] = useState(() =>
    start.step === 0 ? beginningOf(recording) : firstWith(stepsAt, start.step),
  )
  const [nowMs, setNow] = useState(timeAt[event] ?? 0)
  const [isPlaying, play] = useState(false)
  const [speed, setSpeed] = useState<number>(SPEEDS[1])
  const moment = useMemo(() => playback.seek(event), [playback, event])

  const goTo = useCallback(
    (target: number, atMs?: number): void => {
      const to = Math.max(0, Math.min(target, timeAt.length - 1))
      setEvent(to)
      setNow(atMs ?? (timeAt[to] as number))
    },
    [timeAt],
  )
  const rest = (target: number): void => {
    play(false)
    goTo(target)
  }
  usePlaying({ isPlaying, speed, recording, nowMs, event, goTo, stop: () => play(false) })

  const link = encodePlanLink({
    plan: recording.plan,
    step: stepsAt[event] as number,
    level: level?.name ?? null,
  })
  useAddress(link, isPlaying)

  const replace = (plan: Plan, ofLevel: Level | null, known: ReadonlyMap<string, Recording>): Recording => {
    const next = runOf(plan, ofLevel, known)
    setRun(next)
    setFlaw(null)
    play(false)
    return next.playback.recording
  }
  return {
    level,
    recording,
    former,
    event,
    nowMs,
    moment,
    isPlaying,
    speed,
    flaw,
    link,
    play(wanted) {
      if (wanted && event >= (stops.at(-1) ?? 0)) goTo(beginningOf(recording))
      play(wanted)
    },
    setSpeed,
    seek: rest,
    seekStep: (step) => rest(firstWith(stepsAt, step)),
    move(by) {
      const next = by > 0 ? stops.find((each) => each > event) : stops.findLast((each) => each < event)
      rest(next ?? event)
    },
    change(plan) {
      const { timeAt: times } = replace(plan, level, former)
      const to = Math.min(event, times.length - 1)
      setEvent(to)
      setNow(times[to] as number)
    },
    begin(next) {
      const fresh = replace(next?.start() ?? recording.plan, next, new Map())
      setEvent(beginningOf(fresh))
      setNow(fresh.timeAt[beginningOf(fresh)] as number)
    },
  }
}

/** The event at which there is something to look at. */
export const beginningOf = ({ stops }: Recording): number => stops[0] ?? 0

function runOf(plan: Plan, level: Level | null, known: ReadonlyMap<string, Recording>): Run {
  const recording = record(plan)
  return { level, playback: new Playback(recording), former: new Map([...known, [plan.mode, recording]]) }
}

/** Lets time pass while the run plays: smoothly, or from stop to stop where motion is reduced. */
function usePlaying(state: {
  readonly isPlaying: boolean
  readonly speed: number
  readonly recording: Recording
  readonly nowMs: number
  readonly event: number
  goTo(event: number, atMs?: number): void
  stop(): void
}): void {
  const current = useRef(state)
  current.current = state
  useEffect(() => {
    if (!state.isPlaying) return
    if (prefersStillness()) {
      const timer = setInterval(() => {
        const { recording, event, goTo, stop } = current.current
        const next = recording.stops.find((each) => each > event)
        if (next === undefined) stop()
        else goTo(next)
      }, STILL_MS)
      return () => clearInterval(timer)
    }
    let last = performance.now()
    let frame = 0
    const draw = (time: number): void => {
      pass(current.current, Math.min(100, time - last) / 1000)
      last = time
      frame = requestAnimationFrame(draw)
    }
    frame = requestAnimationFrame(draw)
    return () => cancelAnimationFrame(frame)
  }, [state.isPlaying])
}

function pass(
  { recording, nowMs, event, speed, goTo, stop }: Parameters<typeof usePlaying>[0],
  seconds: number,
): void {
  const { frames, timeAt, stops } = recording
  const isIdle = !frames.some(
    ({ sentAt, arrivedAt, kind }) =>
      kind !== 'status' && sentAt <= event && arrivedAt !== null && arrivedAt > event,
  )
  const atMs = nowMs + seconds * speed * (isIdle ? IDLE_HASTE : 1)
  const end = stops.at(-1) ?? 0
  const next = eventAt(timeAt, atMs)
  if (next < end) return goTo(next, atMs)
  goTo(end)
  stop()
}

/** Keeps the link to this moment in the page's address. */
function useAddress(link: string, isPlaying: boolean): void {
  useEffect(() => {
    if (isPlaying) return
    const timer = setTimeout(() => history.replaceState(null, '', `#${link}`), 200)
    return () => clearTimeout(timer)
  }, [link, isPlaying])
  useEffect(() => {
    // Somebody put another link into the address.
    const reload = (): void => location.reload()
    addEventListener('hashchange', reload)
    return () => removeEventListener('hashchange', reload)
  }, [])
}
