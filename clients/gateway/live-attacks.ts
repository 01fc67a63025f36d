/**
 * Attacks that a page launches on replicas of this cluster: who plays what, what correct clients got meanwhile, and the
 * verdict. Only a cluster that `up --playground` started has them.
 */
import type { LiveAttackDocument, LiveAttacksDocument, TraitorDocument } from '../api/live-attacks.ts'
import { Problem } from './problem.ts'
import type { Trial, TrialLoad } from './trial-load.ts'
import { trialVerdict } from './trial-verdict.ts'

/** Milliseconds for which an order may take to be followed. */
const ORDER_MS = 5_000
/** The trials that are over and still shown. */
const ENDED_MAX = 12

/** The process that owns the replicas: it orders them, and tells what they do. */
export interface AttackOwner {
  readonly catalogue: readonly LiveAttackDocument[]
  /** Orders a replica to play an attack, or to be honest again. Rejects where the replica did not follow. */
  order(replica: number, attack: string | null, waitMs: number): Promise<void>
  /** The acts of a replica since its last order. */
  acts(replica: number): number
}

interface Playing {
  readonly replica: number
  readonly attack: string
  readonly startedAt: number
  readonly trial: Trial
}

export class LiveAttacks {
  readonly #owner: AttackOwner
  readonly #load: TrialLoad
  readonly #f: number
  readonly #convicted: () => Promise<readonly number[]>
  readonly #playing = new Map<number, Playing>()
  #ended: TraitorDocument[] = []
  #known: readonly number[] = []

  constructor(options: {
    readonly owner: AttackOwner
    readonly load: TrialLoad
    readonly f: number
    /** The replicas that are proved to have signed contradictions. */
    readonly convicted: () => Promise<readonly number[]>
  }) {
    this.#owner = options.owner
    this.#load = options.load
    this.#f = options.f
    this.#convicted = options.convicted
  }

  /** Ends the load, for the end of the gateway. */
  close(): void {
    for (const { trial } of this.#playing.values()) this.#load.end(trial)
    this.#playing.clear()
  }

  async document(): Promise<LiveAttacksDocument> {
    this.#known = await this.#convicted()
    const used = new Set([...this.#playing.keys(), ...this.#known])
    return {
      f: this.#f,
      used: used.size,
      catalogue: this.#owner.catalogue,
      playing: [...this.#playing.values()].map((each) => this.#describe(each, null)),
      ended: this.#ended,
    }
  }

  /** Launches an attack. One that goes beyond f needs the word of a person. */
  async launch(name: string, replica: number, isBeyond: boolean): Promise<void> {
    const attack = this.#owner.catalogue.find((each) => each.name === name)
    if (attack === undefined)
      throw new Problem('bad-request', `there is no attack "${name.slice(0, 40)}" here`)
    const used = new Set([...this.#playing.keys(), ...(await this.#convicted()), replica])
    if (used.size > this.#f && !isBeyond) {
      const many = `${used.size} of the replicas would be at fault, and the cluster is made for ${this.#f}`
      throw new Problem('denied', `${many}: say "beyond" to see what breaks`)
    }
    if (this.#playing.has(replica)) await this.withdraw(replica)
    await this.#follow(replica, name)
    const trial = this.#load.begin()
    this.#playing.set(replica, { replica, attack: name, startedAt: Date.now(), trial })
  }

  /** Makes a replica honest again, and gives the verdict on what it did. */
  async withdraw(replica: number): Promise<void> {
    const playing = this.#playing.get(replica)
    if (playing === undefined) throw new Problem('bad-request', `replica ${replica} plays no attack`)
    this.#known = await this.#convicted()
    const described = this.#describe(playing, Date.now())
    await this.#follow(replica, null)
    this.#playing.delete(replica)
    this.#load.end(playing.trial)
    this.#ended = [described, ...this.#ended].slice(0, ENDED_MAX)
  }

  #follow(replica: number, attack: string | null): Promise<void> {
    return this.#owner.order(replica, attack, ORDER_MS).catch((error: Error) => {
      throw new Problem('unknown', error.message)
    })
  }

  #describe({ replica, attack, startedAt, trial }: Playing, endedAt: number | null): TraitorDocument {
    const acts = this.#owner.acts(replica)
    const isConvicted = this.#known.includes(replica)
    const figures = this.#load.figures(trial)
    const { breaksFrom = null } = this.#owner.catalogue.find(({ name }) => name === attack) ?? {}
    const together = new Set([...this.#playing.keys(), ...this.#known]).size
    const seconds = Math.round(((endedAt ?? Date.now()) - startedAt) / 100) / 10
    const { verdict, sentence } = trialVerdict({
      ...figures,
      acts,
      isConvicted,
      seconds,
      breaksFrom,
      isBeyond: together > this.#f,
    })
    return { replica, attack, seconds, acts, isConvicted, ...figures, verdict, sentence }
  }
}
