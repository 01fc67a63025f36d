/** The phases of a run: warm-up, before, under attack and after; then the end of the cluster and the verdict. */
import { given } from '../../../src/base/given.ts'
import type { ReplicaId } from '../../../src/base/ids.ts'
import { faultsMax } from '../../../src/base/quorum.ts'
import { suiteNamed } from '../../../src/crypto/suites.ts'
import type { AuthenticationMode } from '../../../src/messages/cluster.ts'
import { type AnyAttack, playedPart } from '../../language/attack.ts'
import type { AttackReport } from '../../report/report.ts'
import { comparedCount, disagreements, equivocating, repetitions } from '../checks.ts'
import { LIVENESS_MS, pause, waitUntil } from '../deadlines.ts'
import { controlOf, judge, warningsOf } from '../judge.ts'
import { type Figures, LoadMeter, type Stretch, TIMELINE_STEP_MS } from '../load/load-meter.ts'
import { isWarm, WARM_UP_STEP_MS, WARM_UP_STEPS_MAX } from '../load/warm-up.ts'
import { type Finished, Workload } from '../load/workload.ts'
import type { Facts, FigureWeight, Measured } from '../run-facts.ts'
import type { Suspects } from '../suspects.ts'
import { measureTurnMs } from '../turn-allowance.ts'
import { AttackPhase } from './attack-phase.ts'
import { LOAD } from './client-names.ts'
import type { ClusterMonitor } from './cluster-monitor.ts'
import { type Disk, readDisk } from './disk-evidence.ts'
import { processEvidence } from './process-evidence.ts'
import { isProcessorTimeTold, ownMs, type Spent, spentBetween } from './processor-time.ts'
import { ReplyWitness } from './reply-witness.ts'
import type { Commands, TestCluster } from './test-cluster.ts'

/** The minimum length of each of the three phases, in milliseconds. */
const PHASE_MS_MIN = 2_000
/** The time within which requests that waited when a view ended are answered, and over which a throughput is measured. In milliseconds. */
const SETTLES_MS = 500
const SETTLED_MS_MIN = 1_000

export interface ProcessSetting {
  readonly n: number
  readonly suite: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  /** The length of the three phases together. */
  readonly seconds: number
  /** Operations that correct clients keep in flight. */
  readonly load: number
  readonly seed: number
  /** The weight of figures; binding if absent. */
  readonly figures?: FigureWeight
  readonly traitors?: readonly number[]
  readonly commands: Commands
  readonly signal: AbortSignal
  /** Called with the progress of the run, in sentences. */
  readonly say: (sentence: string) => void
}

export type Run = Pick<AttackReport, 'facts' | 'faults' | 'notes' | 'timeline'>

export interface RunParts {
  readonly attack: AnyAttack
  readonly setting: ProcessSetting
  readonly testCluster: TestCluster
  readonly watch: ClusterMonitor
  readonly traitors: readonly ReplicaId[]
  readonly suspects: Suspects
}

interface Begun {
  readonly fromMs: number
  readonly spent: Spent
}

/** The time of a phase, and its processor time. */
interface Phase {
  readonly stretch: Stretch
  readonly spent: Spent
}

export class RunPhases {
  readonly #parts: RunParts
  readonly #meter = new LoadMeter()
  readonly #phaseMs: number
  readonly #notes: string[] = []
  readonly #attackPhase: AttackPhase
  /**
   * The witness of false replies, for attacks that deceive clients only, because its processor time would distort the
   * figures.
   */
  readonly #witness: ReplyWitness | null
  readonly #turnMs: number

  constructor(parts: RunParts) {
    this.#parts = parts
    this.#phaseMs = Math.max(PHASE_MS_MIN, (parts.setting.seconds * 1000) / 3)
    this.#attackPhase = new AttackPhase(parts, this.#phaseMs)
    this.#turnMs = measureTurnMs(suiteNamed(parts.setting.suite))
    const { attack, traitors, setting, testCluster } = parts
    const { cluster } = testCluster
    const isWitnessed = controlOf(attack, { n: setting.n, traitors })?.breaks === 'answers'
    this.#witness = isWitnessed ? new ReplyWitness({ cluster, suite: suiteNamed(cluster.suite) }) : null
  }

  async run(isLastTry: boolean): Promise<Run | 'disturbed'> {
    const { testCluster, watch, setting } = this.#parts
    const load = await Workload.start({
      directory: testCluster.root,
      names: LOAD,
      seed: setting.seed,
      underWay: setting.load,
      // An attack may delay a request while it lasts, and for the liveness bound after it.
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
      const caughtUpMs = await this.#settle(attacked.stretch.toMs)
      await watch.stop()
      const viewChanges = watch.view - view
      const phases = { before, during: attacked, after }
      return await this.#conclude({ phases, finished, caughtUpMs, viewChanges, seen: attacked.seen })
    } finally {
      await load.close()
    }
  }

  /** Warms up, outside the figures, for at most half as long as the measured phases. */
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

  async #calm(when: string): Promise<Phase> {
    const began = this.#begin()
    await this.#pause(this.#phaseMs)
    const phase = this.#end(began)
    this.#sayHow(when, phase.stretch)
    return phase
  }

  #begin(): Begun {
    return { fromMs: performance.now(), spent: this.#spent() }
  }

  #end({ fromMs, spent }: Begun): Phase {
    return { stretch: { fromMs, toMs: performance.now() }, spent: spentBetween(spent, this.#spent()) }
  }

  #spent(): Spent {
    const { attack, testCluster } = this.#parts
    const isTold = isProcessorTimeTold()
    const { correct, traitors } = testCluster.processorMs()
    const client = this.#attackPhase.clientMs()
    return {
      correctMs: isTold ? correct : null,
      hostileMs: isTold && playedPart(attack) !== null ? traitors + client : null,
      loadMs: ownMs(),
    }
  }

  async #attack(load: Workload): Promise<Phase & { readonly seen: readonly string[] }> {
    const attackPhase = this.#attackPhase
    try {
      await attackPhase.prepare()
      const began = this.#begin()
      const seen = await attackPhase.run(load)
      const phase = this.#end(began)
      this.#sayHow(`under attack, ${attackPhase.acts} acts`, phase.stretch, attackPhase.stopped)
      return { ...phase, seen: [...new Set([...seen, ...(await attackPhase.end())])] }
    } finally {
      await attackPhase.close()
    }
  }

  /**
   * Waits until all correct replicas vote and have executed the same batches. Returns null if they do not within the
   * bound.
   */
  async #settle(sinceMs: number): Promise<number | null> {
    const { watch, testCluster, setting } = this.#parts
    const isLevel = async (): Promise<boolean> => {
      const reports = [...(await watch.reports()).values()]
      const isVoting = reports.every(({ condition }) => condition === 'voting')
      const executed = new Set(reports.map(({ lastExecuted }) => lastExecuted))
      return isVoting && reports.length === testCluster.correct.length && executed.size === 1
    }
    const isDone = await waitUntil(isLevel, { limitMs: LIVENESS_MS, everyMs: 50, signal: setting.signal })
    return isDone ? Math.round(performance.now() - sinceMs) : null
  }

  async #conclude(ended: {
    readonly phases: { readonly before: Phase; readonly during: Phase; readonly after: Phase }
    readonly finished: Finished
    readonly caughtUpMs: number | null
    readonly viewChanges: number
    readonly seen: readonly string[]
  }): Promise<Run> {
    const { attack, testCluster, watch, traitors, setting } = this.#parts
    const { finished, caughtUpMs, viewChanges, seen } = ended
    const { phases } = ended
    const [before, during, after] = [phases.before.stretch, phases.during.stretch, phases.after.stretch]
    setting.say('the replicas end, and their disks are read')
    await testCluster.stop()
    const { disks, unreadable } = await this.#readDisks()
    const { acts, told, stopped } = this.#attackPhase
    const differing = disagreements(disks)
    const measured: Measured = {
      before: this.#meter.figures(before),
      during: this.#meter.figures(during, stopped),
      after: this.#meter.figures(after),
      settled: this.#settledFigures(during),
      hasSplit: differing.length > 0,
      gapMs: this.#meter.figures({ fromMs: during.fromMs, toMs: after.toMs }).gapMs,
      caughtUpMs,
      suspicions: watch.suspicions(before.fromMs),
      memory: watch.memory,
      spent: {
        before: phases.before.spent,
        during: phases.during.spent,
        after: phases.after.spent,
      },
      delayMs: watch.delayMs,
      turnMs: Math.max(this.#turnMs, measureTurnMs(suiteNamed(setting.suite))),
    }
    const { n } = setting
    const { rejected, guilty: convicted } = testCluster.refusals()
    const liars = this.#witness?.liars(new Map(disks.flatMap(({ results }) => [...results]))) ?? []
    const proved = setting.auth === 'signed' ? [...equivocating(disks), ...liars] : []
    const guilty = [...new Set([...convicted, ...proved])].sort((a, b) => a - b)
    const { cutOff } = watch
    const facts: Facts = {
      n,
      f: faultsMax(n),
      auth: setting.auth,
      traitors,
      acts,
      actsByTurn: testCluster.actsByTurn,
      viewChanges,
      rejected,
      guilty,
      cutOff,
      measured,
      ...given({ told, figures: setting.figures }),
    }
    const compared = comparedCount(disks)
    const evidence = processEvidence({
      attack,
      facts,
      disagreements: differing,
      compared: compared.batches,
      wrongAnswers: [...finished.faults, ...repetitions(finished.counted)],
      doubtful: this.#meter.doubtful,
      neverSent: this.#meter.neverSent,
      broken: [...unreadable, ...testCluster.casualties, ...seen],
    })
    const faults = judge(evidence)
    const warnings = warningsOf(evidence).map((each) => `warning: ${each}`)
    for (const warning of warnings) setting.say(warning)
    const timeline = this.#timeline({ before, during, after })
    const notes = [
      ...warnings,
      ...(controlOf(attack, facts) === null ? [] : differing),
      `compared ${compared.batches} batches and ${compared.states} states on disk`,
      ...finished.notes,
      ...(attack.tells?.(facts) ?? []),
      ...this.#notes,
    ]
    return { facts, faults, notes, timeline }
  }

  /** Reads the disks of correct replicas; returns a sentence for each unreadable one. */
  async #readDisks(): Promise<{ readonly disks: readonly Disk[]; readonly unreadable: readonly string[] }> {
    const { testCluster, setting } = this.#parts
    const disks: Disk[] = []
    const unreadable: string[] = []
    for (const id of testCluster.correct) {
      setting.signal.throwIfAborted()
      try {
        disks.push(await readDisk(testCluster.homeOf(id), id, testCluster.cluster))
      } catch (error) {
        unreadable.push(`the disk of replica ${id} cannot be read: ${(error as Error).message}`)
      }
    }
    return { disks, unreadable }
  }

  #settledFigures({ fromMs, toMs }: Stretch): Figures | null {
    const lastMs = this.#parts.watch.views.findLast(({ atMs }) => atMs >= fromMs && atMs < toMs)?.atMs
    if (lastMs === undefined || toMs - lastMs - SETTLES_MS < SETTLED_MS_MIN) return null
    return this.#meter.figures({ fromMs: lastMs + SETTLES_MS, toMs }, this.#attackPhase.stopped)
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

  #sayHow(when: string, stretch: Stretch, stopped: readonly Stretch[] = []): void {
    const { opsPerSecond, p50Ms, p99Ms } = this.#meter.figures(stretch, stopped)
    this.#parts.setting.say(`${when}: ${opsPerSecond} op/s, p50 ${p50Ms} ms, p99 ${p99Ms} ms`)
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, this.#parts.setting.signal)
  }
}
