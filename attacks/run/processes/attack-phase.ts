/** The middle phase of a run, in which the attack begins, lasts and ends. */
import { given } from '../../../src/base/given.ts'
import { faultsMax } from '../../../src/base/quorum.ts'
import { createRandom } from '../../../src/base/random.ts'
import { inOrder, type LinkFault } from '../../../src/simulator/plan/plan.ts'
import { type Attack, playedPart } from '../../language/attack.ts'
import type { ClusterHarness, Link } from '../../language/cluster-harness.ts'
import { LIVENESS_MS, pause, waitUntil } from '../deadlines.ts'
import type { Stretch } from '../load/load-meter.ts'
import type { Workload } from '../load/workload.ts'
import type { Facts } from '../run-facts.ts'
import { attackContextOf } from '../simulated/attack-schedule.ts'
import { hasTakenEffect } from './attack-effects.ts'
import { HOSTILE, hostileNames, READER } from './client-names.ts'
import { HostileChild } from './hostile-process.ts'
import { openFilesOf } from './process-memory.ts'
import { ProcessorTime } from './processor-time.ts'
import type { RunParts } from './run-phases.ts'

/** Call `prepare`, `run` and `end` in this order, and always `close`. */
export class AttackPhase {
  readonly #parts: RunParts
  readonly #phaseMs: number
  readonly #stopped: Stretch[] = []
  readonly #clientTime = new ProcessorTime()
  #hostile: HostileChild | null = null
  #cut: readonly Link[] = []
  /** The highest sequence number that a correct replica may have executed before the attack. */
  #executedBefore = 0
  /** The view of the correct replicas before the attack. */
  #viewBefore = 0
  #outsideActs = 0

  /** `phaseMs` is the default length of an attack, in milliseconds. */
  constructor(parts: RunParts, phaseMs: number) {
    this.#parts = parts
    this.#phaseMs = phaseMs
  }

  /** The number of times that the adversaries acted. */
  get acts(): number {
    return this.#parts.testCluster.acts + this.#outsideActs + (this.#hostile?.acts ?? 0)
  }

  /** The answers of correct replicas to the hostile client; undefined when there is none. */
  get told(): Facts['told'] {
    return this.#hostile?.told
  }

  /** The periods in which more than f replicas were disturbed from outside; the last one is open while it lasts. */
  get stopped(): readonly Stretch[] {
    return this.#stopped
  }

  /** The processor time of the hostile client's process so far, in milliseconds; 0 if there is none. */
  clientMs(): number {
    this.#clientTime.look(this.#hostile?.pid)
    return this.#clientTime.ms
  }

  /**
   * Starts the process of the hostile client, if there is one, and records the initial state; this time does not count
   * as attack.
   */
  async prepare(): Promise<void> {
    const { testCluster, setting, traitors } = this.#parts
    const attack = playedPart(this.#parts.attack)
    if (attack === null) return
    this.#viewBefore = this.#parts.watch.view
    if (attack.environment?.untilExecuted !== undefined) this.#executedBefore = (await this.#executed()).most
    if (attack.client === undefined) return
    const { seed, commands, signal } = setting
    const play = { name: attack.name, root: testCluster.root, names: hostileNames(attack), traitors, seed }
    this.#hostile = await HostileChild.start(commands.client(play), { directory: testCluster.root, signal })
  }

  /** Attacks, and returns violations as sentences. Rejects if the run is interrupted. */
  async run(load: Workload): Promise<readonly string[]> {
    const { attack, testCluster, traitors, suspects } = this.#parts
    suspects.set(traitors)
    const { outside } = attack
    const played = playedPart(attack)
    const seen =
      played === null
        ? await testCluster.turn(true).then(() => outside?.run(this.#harness(load)) ?? [])
        : await this.#fromInside(played)
    await testCluster.turn(false)
    suspects.set([])
    return seen
  }

  /** Ends the hostile client and returns what it saw, as sentences. */
  async end(): Promise<readonly string[]> {
    return (await this.#hostile?.end(READER)) ?? []
  }

  async close(): Promise<void> {
    await this.#hostile?.close()
  }

  /** Runs the traitors and the hostile client. Links are cut before they begin to lie, and mended when they end. */
  async #fromInside(attack: Attack): Promise<readonly string[]> {
    const { setting, traitors } = this.#parts
    const { linkFaults, lasts = 1 } = attack.environment ?? {}
    const lastsMs = this.#phaseMs * lasts
    const context = attackContextOf({ n: setting.n, seed: setting.seed, lastsMs, traitors })
    const faults = inOrder(linkFaults?.(context) ?? [])
    const fromMs = performance.now()
    const meanwhile = faults.filter(({ atMs }) => atMs < lastsMs)
    const [, seen] = await Promise.all([this.#applyLinkFaults(meanwhile, fromMs), this.#attackFor(lastsMs)])
    // On a slow machine it continues until the expected effects have occurred.
    const isDone = (): Promise<boolean> => this.#hasTakenEffect(attack)
    await waitUntil(isDone, { limitMs: LIVENESS_MS, signal: setting.signal })
    const atTheEnd = faults.filter(({ atMs }) => atMs >= lastsMs)
    await this.#applyLinkFaults(atTheEnd, fromMs)
    return [...seen, ...((await this.#hostile?.turn(false)) ?? [])]
  }

  async #attackFor(lastsMs: number): Promise<readonly string[]> {
    await this.#parts.testCluster.turn(true)
    const seen = (await this.#hostile?.turn(true)) ?? []
    await this.#pause(lastsMs)
    return seen
  }

  async #hasTakenEffect(attack: Attack): Promise<boolean> {
    const isExecutedAwaited = attack.environment?.untilExecuted !== undefined
    return hasTakenEffect(attack, {
      acts: this.acts,
      ...given({ told: this.told }),
      hasClientEnded: this.#hostile?.hasEnded === true,
      viewChanges: this.#parts.watch.view - this.#viewBefore,
      executed: isExecutedAwaited ? (await this.#executed()).least - this.#executedBefore : 0,
    })
  }

  /** Applies the environment's faults to the links. Faults at time 0 are applied before this returns its promise. */
  async #applyLinkFaults(faults: readonly LinkFault[], fromMs: number): Promise<void> {
    const { testCluster, traitors, suspects } = this.#parts
    for (const fault of faults) {
      const { kind, from, to, atMs } = fault
      const leftMs = fromMs + atMs - performance.now()
      if (leftMs > 0) await this.#pause(leftMs)
      testCluster.links?.[kind](fault)
      const others = this.#cut.filter((link) => link.from !== from || link.to !== to)
      this.#cut = kind === 'cut' ? [...others, fault] : others
      // A replica that is cut off from another rightly suspects it.
      suspects.set([...new Set([...traitors, ...this.#cut.flatMap((link) => [link.from, link.to])])])
    }
  }

  /** The progress of the correct replicas; the progress of one that does not answer is unknown. */
  async #executed(): Promise<{ readonly least: number; readonly most: number }> {
    const { testCluster, watch } = this.#parts
    const reports = await watch.reports()
    const executed = testCluster.correct.map((id) => reports.get(id)?.lastExecuted ?? null)
    const least = Math.min(...executed.map((each) => each ?? 0))
    return { least, most: Math.max(...executed.map((each) => each ?? Number.POSITIVE_INFINITY)) }
  }

  #harness(load: Workload): ClusterHarness {
    const { testCluster, setting, suspects, traitors } = this.#parts
    const { n, seed } = setting
    return {
      n,
      f: faultsMax(n),
      cluster: testCluster.cluster,
      directory: testCluster.root,
      client: HOSTILE,
      reader: READER,
      random: createRandom(seed),
      gateway: testCluster.gateway,
      milliseconds: this.#phaseMs,
      links: testCluster.links,
      machines: testCluster,
      correct: testCluster.correct,
      addressOf: (id) =>
        (testCluster.cluster.replicas[id] as { address: { host: string; port: number } }).address,
      openFilesOf: (id) => openFilesOf(testCluster.pid(id)),
      acknowledged: () => load.acknowledged,
      progress: () => {
        const before = load.acknowledged
        const isDone = (): boolean => load.acknowledged > before
        return waitUntil(isDone, { limitMs: LIVENESS_MS, signal: setting.signal })
      },
      within: (holds) => waitUntil(holds, { limitMs: LIVENESS_MS, signal: setting.signal }),
      pause: (ms) => this.#pause(ms),
      act: () => {
        this.#outsideActs++
      },
      harm: (ids) => {
        const harmed = [...new Set([...traitors, ...ids])]
        suspects.set(harmed)
        this.#noteHarm(harmed.length > faultsMax(n))
      },
    }
  }

  /** While more replicas are disturbed than the store tolerates, it must stop. */
  #noteHarm(isTooMuch: boolean): void {
    const nowMs = performance.now()
    const last = this.#stopped.at(-1)
    if (last?.toMs === Number.POSITIVE_INFINITY) this.#stopped.splice(-1, 1, { ...last, toMs: nowMs })
    if (isTooMuch) this.#stopped.push({ fromMs: nowMs, toMs: Number.POSITIVE_INFINITY })
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, this.#parts.setting.signal)
  }
}
