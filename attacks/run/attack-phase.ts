/** The middle phase of a run: the attack begins, lasts and ends, whoever plays it. */
import { faultsMax } from '../../src/base/quorum.ts'
import { createRandom } from '../../src/base/random.ts'
import { inOrder } from '../../src/simulator/plan.ts'
import { type Attack, isOutsideAttack } from '../attack.ts'
import type { Stretch } from '../load/load-meter.ts'
import type { Workload } from '../load/workload.ts'
import type { Field, Link } from '../outside/field.ts'
import { HOSTILE, hostileNames, READER } from './client-names.ts'
import type { Facts } from './facts.ts'
import { HostileChild } from './hostile-child.ts'
import { ProcessorTime } from './processor-time.ts'
import type { RoundParts } from './round.ts'
import { sceneOf } from './scene.ts'
import { LIVENESS_MS, pause, waitUntil } from './waiting.ts'

/** In this order: `prepare`, `run`, `end`; and `close` whatever happened. */
export class AttackPhase {
  readonly #parts: RoundParts
  readonly #phaseMs: number
  readonly #stopped: Stretch[] = []
  readonly #clientTime = new ProcessorTime()
  #hostile: HostileChild | null = null
  #outsideActs = 0

  /** `phaseMs` is how long an attack lasts that does not ask for more, in milliseconds. */
  constructor(parts: RoundParts, phaseMs: number) {
    this.#parts = parts
    this.#phaseMs = phaseMs
  }

  /** How often the adversaries acted. */
  get acts(): number {
    return this.#parts.arena.acts + this.#outsideActs + (this.#hostile?.acts ?? 0)
  }

  /** What correct replicas told the hostile client; undefined where there is none. */
  get told(): Facts['told'] {
    return this.#hostile?.told
  }

  /** When more than f replicas were kept from working, from outside; the last is open while it lasts. */
  get stopped(): readonly Stretch[] {
    return this.#stopped
  }

  /** Processor time that the process of the hostile client took so far, in milliseconds; 0 where there is none. */
  clientMs(): number {
    this.#clientTime.look(this.#hostile?.pid)
    return this.#clientTime.ms
  }

  /** Starts the process of the hostile client, if there is one: that takes time which is not the attack's. */
  async prepare(): Promise<void> {
    const { attack, arena, setting, traitors } = this.#parts
    if (isOutsideAttack(attack) || attack.client === undefined) return
    const { seed, commands, signal } = setting
    const play = { name: attack.name, root: arena.root, names: hostileNames(attack), traitors, seed }
    this.#hostile = await HostileChild.start(commands.client(play), { directory: arena.root, signal })
  }

  /** Attacks, and gives what it saw that must not be, as sentences. Rejects when the run is interrupted. */
  async run(load: Workload): Promise<readonly string[]> {
    const { attack, arena, traitors, suspects } = this.#parts
    suspects.set(traitors)
    const seen = isOutsideAttack(attack)
      ? await arena.turn(true).then(() => attack.run(this.#field(load)))
      : await this.#fromInside(attack)
    await arena.turn(false)
    suspects.set([])
    return seen
  }

  /** What the hostile client saw in the end, as sentences. */
  async end(): Promise<readonly string[]> {
    return (await this.#hostile?.end(READER)) ?? []
  }

  async close(): Promise<void> {
    await this.#hostile?.close()
  }

  /** The traitors' turn, and that of the client. Links are cut before they begin to lie. */
  async #fromInside(attack: Attack): Promise<readonly string[]> {
    const lastsMs = this.#phaseMs * (attack.surroundings?.lasts ?? 1)
    const [, seen] = await Promise.all([this.#strikeLinks(attack, lastsMs), this.#attackFor(attack, lastsMs)])
    return seen
  }

  /** As long as that, and on a slow machine until what it waits for has come. */
  async #attackFor(attack: Attack, lastsMs: number): Promise<readonly string[]> {
    const { arena, setting } = this.#parts
    await arena.turn(true)
    const begun = (await this.#hostile?.turn(true)) ?? []
    await this.#pause(lastsMs)
    await waitUntil(() => this.#hasShown(attack), { limitMs: LIVENESS_MS, signal: setting.signal })
    return [...begun, ...((await this.#hostile?.turn(false)) ?? [])]
  }

  #hasShown({ client }: Attack): boolean {
    if (this.#hostile?.hasEnded === true) return true
    const awaited = client?.awaits ?? []
    return this.acts > 0 && awaited.every((answer) => this.told?.has(answer) === true)
  }

  /** What surroundings do to the links. What strikes at the beginning has struck when this returns its promise. */
  async #strikeLinks({ surroundings }: Attack, lastsMs: number): Promise<void> {
    const { arena, setting, traitors, suspects } = this.#parts
    const { n, seed } = setting
    if (surroundings?.strikesLinksOnly !== true) return
    const fromMs = performance.now()
    let cut: readonly Link[] = []
    for (const incident of inOrder(surroundings.strikes?.(sceneOf({ n, seed, lastsMs, traitors })) ?? [])) {
      const { kind, atMs } = incident
      if (atMs > 0) await this.#pause(fromMs + atMs - performance.now())
      if (kind !== 'cut' && kind !== 'mend') continue
      arena.links?.[kind](incident)
      const others = cut.filter(({ from, to }) => from !== incident.from || to !== incident.to)
      cut = kind === 'cut' ? [...others, incident] : others
      // Who hears nothing of a replica suspects it rightly.
      suspects.set([...new Set([...traitors, ...cut.flatMap(({ from, to }) => [from, to])])])
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
      harm: (ids) => {
        const harmed = [...new Set([...traitors, ...ids])]
        suspects.set(harmed)
        this.#noteHarm(harmed.length > faultsMax(n))
      },
    }
  }

  /** While more are harmed than the store tolerates it has to stop. */
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
