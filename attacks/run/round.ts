/** One cluster's way through the phases of a run: warm-up, before, under attack, after; then its end and the verdict. */
import type { ReplicaId } from '../../src/base/ids.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import { createRandom } from '../../src/base/random.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { inOrder } from '../../src/simulator/plan.ts'
import { type AnyAttack, type Attack, type Control, isOutsideAttack } from '../attack.ts'
import { type Figures, LoadMeter, type Stretch, TIMELINE_STEP_MS } from '../load/load-meter.ts'
import { isWarm, WARM_UP_STEP_MS, WARM_UP_STEPS_MAX } from '../load/warm-up.ts'
import { type Finished, Workload } from '../load/workload.ts'
import type { Field } from '../outside/field.ts'
import type { AttackReport } from '../report/report.ts'
import type { Arena, Commands } from './arena.ts'
import { comparedCount, disagreements, repetitions, twoFaced } from './checks.ts'
import { type Disk, readDisk } from './disk.ts'
import type { Facts, Measured } from './facts.ts'
import { isExpectedToBreak } from './faults-of.ts'
import { HostileProcessClient } from './hostile-process-client.ts'
import { ReplyWitness } from './reply-witness.ts'
import { sceneOf } from './scene.ts'
import type { Suspects } from './suspects.ts'
import { faultsOf } from './verdict.ts'
import { pause, waitUntil } from './waiting.ts'
import type { Watch } from './watch.ts'

/** Each of the three phases lasts at least so long, in milliseconds. */
const PHASE_MS_MIN = 2_000
/** What waited when a view ended is answered within this time; a throughput takes so long to measure. In milliseconds. */
const SETTLES_MS = 500
const SETTLED_MS_MIN = 1_000
/** Once the attack is over every request is answered within this time, and the replicas are level. In milliseconds. */
const LIVENESS_MS = 30_000
/** Clients of the cluster, by what they do. */
export const OBSERVER = 'observer'
const HOSTILE = 'hostile'
const READER = 'reader'
const LOAD = ['load-0', 'load-1', 'load-2'] as const

/** The clients that an attacking client is given: one, or as many as it asks for. */
function hostileNames(attack: AnyAttack): readonly string[] {
  const count = isOutsideAttack(attack) ? 1 : (attack.client?.identities ?? 1)
  return Array.from({ length: count }, (_, index) => (index === 0 ? HOSTILE : `${HOSTILE}-${index}`))
}

export const clientsOf = (attack: AnyAttack): readonly string[] => [
  ...LOAD,
  OBSERVER,
  READER,
  ...hostileNames(attack),
]

export interface ProcessSetting {
  readonly n: number
  readonly suite: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  /** Of the three phases together. */
  readonly seconds: number
  readonly seed: number
  readonly traitors?: readonly number[]
  readonly commands: Commands
  readonly signal: AbortSignal
  /** Told how the run goes on, in sentences. */
  readonly say: (sentence: string) => void
}

export type Run = Pick<AttackReport, 'facts' | 'faults' | 'notes' | 'timeline'>

export interface RoundParts {
  readonly attack: AnyAttack
  readonly setting: ProcessSetting
  readonly arena: Arena
  readonly watch: Watch
  readonly traitors: readonly ReplicaId[]
  readonly suspects: Suspects
}

export class Round {
  readonly #parts: RoundParts
  readonly #meter = new LoadMeter()
  readonly #phaseMs: number
  readonly #notes: string[] = []
  #outsideActs = 0
  #told: Facts['told']
  /** Where clients are to be deceived: it takes time that would be missing in the figures. */
  readonly #witness: ReplyWitness | null

  constructor(parts: RoundParts) {
    this.#parts = parts
    this.#phaseMs = Math.max(PHASE_MS_MIN, (parts.setting.seconds * 1000) / 3)
    const { attack, traitors, setting, arena } = parts
    const { cluster } = arena
    const isWitnessed = controlOf(attack, { n: setting.n, traitors })?.breaks === 'answers'
    this.#witness = isWitnessed ? new ReplyWitness({ cluster, suite: suiteNamed(cluster.suite) }) : null
  }

  async run(isLastTry: boolean): Promise<Run | 'disturbed'> {
    const { arena, watch, setting } = this.#parts
    const load = await Workload.start({
      directory: arena.root,
      names: LOAD,
      seed: setting.seed,
      // An attack may hold a request up for as long as it lasts, and not longer than the bound after it.
      timeoutMs: this.#phaseMs + LIVENESS_MS,
      onEnd: this.#meter.add,
      ...(this.#witness === null ? {} : { onFrame: (from, frame) => this.#witness?.see(from, frame) }),
    })
    try {
      await this.#warmUp()
      const before = await this.#calm('before the attack')
      await watch.lookNow()
      const { view } = watch
      if (view > 0 && !isLastTry) return 'disturbed'
      const attacked = await this.#attack(load)
      const after = await this.#calm('after the attack')
      setting.say('the load ends')
      const finished = await load.finish()
      const settledMs = await this.#settle(attacked.stretch.toMs)
      await watch.stop()
      const viewChanges = watch.view - view
      const stretches = { before, during: attacked.stretch, after }
      return await this.#conclude({ stretches, finished, settledMs, viewChanges, seen: attacked.seen })
    } finally {
      await load.close()
    }
  }

  /** Nothing of this time enters the figures. It takes half as long as what is measured at most. */
  async #warmUp(): Promise<void> {
    const counts: number[] = []
    const stepsMax = Math.min(WARM_UP_STEPS_MAX, (this.#parts.setting.seconds * 500) / WARM_UP_STEP_MS)
    while (counts.length < stepsMax && !isWarm(counts)) {
      const fromMs = performance.now()
      await this.#pause(WARM_UP_STEP_MS)
      counts.push(this.#meter.done({ fromMs, toMs: performance.now() }))
    }
    const seconds = (counts.length * WARM_UP_STEP_MS) / 1000
    const end = isWarm(counts) ? `warmed up for ${seconds} s` : `not yet steady after ${seconds} s of warm-up`
    this.#parts.setting.say(end)
    this.#notes.push(end)
  }

  async #calm(when: string): Promise<Stretch> {
    const fromMs = performance.now()
    await this.#pause(this.#phaseMs)
    const stretch = { fromMs, toMs: performance.now() }
    this.#sayHow(when, stretch)
    return stretch
  }

  async #attack(load: Workload): Promise<{ readonly stretch: Stretch; readonly seen: readonly string[] }> {
    const { attack, arena, traitors, suspects } = this.#parts
    const hostile = this.#hostileClient()
    try {
      const fromMs = performance.now()
      suspects.set(traitors)
      const seen = isOutsideAttack(attack)
        ? await attack.run(this.#field(load))
        : await this.#fromInside(attack, hostile)
      hostile?.turn(false)
      await arena.turn(false)
      suspects.set([])
      const stretch = { fromMs, toMs: performance.now() }
      this.#sayHow(`under attack, ${this.#acts} acts`, stretch)
      if (hostile === null) return { stretch, seen }
      this.#told = hostile.told
      return { stretch, seen: [...seen, ...(await hostile.end(READER))] }
    } finally {
      await hostile?.close()
    }
  }

  get #acts(): number {
    return this.#parts.arena.acts + this.#outsideActs
  }

  #hostileClient(): HostileProcessClient | null {
    const { attack, arena, setting, traitors } = this.#parts
    if (isOutsideAttack(attack) || attack.client === undefined) return null
    return new HostileProcessClient({
      role: attack.client,
      directory: arena.root,
      cluster: arena.cluster,
      names: hostileNames(attack),
      seed: setting.seed,
      traitors,
      onAct: () => {
        this.#outsideActs++
      },
    })
  }

  /** The traitors' turn. Links are cut before they begin to lie. */
  async #fromInside(attack: Attack, hostile: HostileProcessClient | null): Promise<readonly string[]> {
    const lastsMs = this.#phaseMs * (attack.surroundings?.lasts ?? 1)
    const struck = this.#strikeLinks(attack, lastsMs)
    const attacked = this.#parts.arena.turn(true).then(() => {
      hostile?.turn(true)
      return this.#underAttack(lastsMs)
    })
    const [, seen] = await Promise.all([struck, attacked])
    return seen
  }

  /** As long as the phase, and on a slow machine until what it waits for has come. */
  async #underAttack(lastsMs: number): Promise<readonly string[]> {
    const { signal } = this.#parts.setting
    await this.#pause(lastsMs)
    await waitUntil(() => this.#acts > 0, { limitMs: LIVENESS_MS, signal })
    return []
  }

  /** What surroundings do to the links. What strikes at the beginning has struck when this returns its promise. */
  async #strikeLinks({ surroundings }: Attack, lastsMs: number): Promise<void> {
    const { arena, setting, traitors } = this.#parts
    const { n, seed } = setting
    if (surroundings?.strikesLinksOnly !== true) return
    const fromMs = performance.now()
    for (const incident of inOrder(surroundings.strikes?.(sceneOf({ n, seed, lastsMs, traitors })) ?? [])) {
      const { kind, atMs } = incident
      if (atMs > 0) await this.#pause(fromMs + atMs - performance.now())
      if (kind === 'cut') arena.links?.cut(incident)
      else if (kind === 'mend') arena.links?.mend(incident)
    }
  }

  /** Waits until all correct replicas vote and have executed the same. Null when they do not within the bound. */
  async #settle(sinceMs: number): Promise<number | null> {
    const { watch, arena, setting } = this.#parts
    const isLevel = async (): Promise<boolean> => {
      const reports = [...(await watch.reports()).values()]
      const isVoting = reports.every(({ standing }) => standing === 'voting')
      const executed = new Set(reports.map(({ lastExecuted }) => lastExecuted))
      return isVoting && reports.length === arena.correct.length && executed.size === 1
    }
    const isDone = await waitUntil(isLevel, { limitMs: LIVENESS_MS, everyMs: 50, signal: setting.signal })
    return isDone ? Math.round(performance.now() - sinceMs) : null
  }

  async #conclude(ended: {
    readonly stretches: { readonly before: Stretch; readonly during: Stretch; readonly after: Stretch }
    readonly finished: Finished
    readonly settledMs: number | null
    readonly viewChanges: number
    readonly seen: readonly string[]
  }): Promise<Run> {
    const { attack, arena, watch, traitors, setting } = this.#parts
    const { finished, settledMs, viewChanges, seen } = ended
    const { before, during, after } = ended.stretches
    setting.say('the replicas end, and their disks are read')
    await arena.stop()
    const disks: Disk[] = []
    const unreadable: string[] = []
    for (const id of arena.correct) {
      setting.signal.throwIfAborted()
      try {
        disks.push(await readDisk(arena.homeOf(id), id, arena.cluster))
      } catch (error) {
        unreadable.push(`the disk of replica ${id} cannot be read: ${(error as Error).message}`)
      }
    }
    const measured: Measured = {
      before: this.#meter.figures(before),
      during: this.#meter.figures(during),
      after: this.#meter.figures(after),
      settled: this.#settledFigures(during),
      gapMs: this.#meter.figures({ fromMs: during.fromMs, toMs: after.toMs }).gapMs,
      settledMs,
      suspicions: watch.suspicions(before.fromMs),
      memory: watch.memory,
    }
    const acts = this.#acts
    const { n } = setting
    const { rejected, guilty: convicted } = arena.refusals()
    const liars = this.#witness?.liars(new Map(disks.flatMap(({ results }) => [...results]))) ?? []
    const proved = setting.auth === 'signed' ? [...twoFaced(disks), ...liars] : []
    const guilty = [...new Set([...convicted, ...proved])].sort((a, b) => a - b)
    const { cutOff } = watch
    const facts: Facts = {
      ...{
        n,
        f: faultsMax(n),
        auth: setting.auth,
        traitors,
        acts,
        actsByTurn: arena.actsByTurn,
        viewChanges,
      },
      ...{ rejected, guilty, cutOff, measured },
      ...(this.#told === undefined ? {} : { told: this.#told }),
    }
    const compared = comparedCount(disks)
    const differing = disagreements(disks)
    const faults = faultsOf({
      judge: attack.judge,
      control: controlOf(attack, facts),
      facts,
      finished,
      doubtful: this.#meter.doubtful,
      neverSent: this.#meter.neverSent,
      compared: compared.batches,
      disagreements: differing,
      broken: [...repetitions(finished.counted), ...unreadable, ...arena.casualties, ...seen],
    })
    const timeline = this.#timeline(ended.stretches)
    const notes = [
      ...(controlOf(attack, facts) === undefined ? [] : differing),
      `compared ${compared.batches} batches and ${compared.states} states on disk`,
      ...finished.notes,
      ...(attack.tells?.(facts) ?? []),
      ...this.#notes,
    ]
    return { facts, faults, notes, timeline }
  }

  #settledFigures({ fromMs, toMs }: Stretch): Figures | null {
    const lastMs = this.#parts.watch.views.findLast(({ atMs }) => atMs >= fromMs && atMs < toMs)?.atMs
    if (lastMs === undefined || toMs - lastMs - SETTLES_MS < SETTLED_MS_MIN) return null
    return this.#meter.figures({ fromMs: lastMs + SETTLES_MS, toMs })
  }

  #timeline({ before, during, after }: { before: Stretch; during: Stretch; after: Stretch }) {
    const { fromMs } = before
    const stretch = { fromMs, toMs: after.toMs }
    return {
      stepMs: TIMELINE_STEP_MS,
      opsPerSecond: this.#meter.timeline(stretch),
      attackFromMs: Math.round(during.fromMs - fromMs),
      attackToMs: Math.round(during.toMs - fromMs),
      views: this.#parts.watch.views.map(({ atMs, view }) => ({
        view,
        atMs: Math.round(atMs - fromMs),
      })),
    }
  }

  #field(load: Workload): Field {
    const { arena, setting, suspects, traitors } = this.#parts
    const { n, seed } = setting
    return {
      n,
      f: faultsMax(n),
      cluster: arena.cluster,
      directory: arena.root,
      client: HOSTILE,
      reader: READER,
      random: createRandom(seed),
      milliseconds: this.#phaseMs,
      links: arena.links,
      machines: arena,
      correct: arena.correct,
      addressOf: (id) => (arena.cluster.replicas[id] as { address: { host: string; port: number } }).address,
      acknowledged: () => load.acknowledged,
      progress: () => {
        const before = load.acknowledged
        const isDone = (): boolean => load.acknowledged > before
        return waitUntil(isDone, { limitMs: LIVENESS_MS, signal: setting.signal })
      },
      pause: (ms) => this.#pause(ms),
      act: () => {
        this.#outsideActs++
      },
      harm: (ids) => suspects.set([...traitors, ...ids]),
    }
  }

  #sayHow(when: string, stretch: Stretch): void {
    const { opsPerSecond, p50Ms, p99Ms } = this.#meter.figures(stretch)
    this.#parts.setting.say(`${when}: ${opsPerSecond} op/s, p50 ${p50Ms} ms, p99 ${p99Ms} ms`)
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, this.#parts.setting.signal)
  }
}

/** What has to break; undefined where the store has to hold. */
function controlOf(attack: AnyAttack, facts: Pick<Facts, 'n' | 'traitors'>): Control | undefined {
  if (isOutsideAttack(attack) || !isExpectedToBreak(attack, facts)) return undefined
  return attack.control
}
