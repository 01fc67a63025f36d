/** A run as entries that a person reads: each eventful step, each refusal, each fault, in sentences. */
import type { ClientId, ReplicaId } from '../../base/ids.ts'
import type { Cluster } from '../../messages/cluster.ts'
import type { Peer } from '../../ports.ts'
import type { RejectedMessage } from '../../runtime/replica-runtime-options.ts'
import { LeavingGrounds } from './leaving-grounds.ts'
import type { Phrase, RuleTag } from './phrase.ts'
import { isIdle, isStatus } from './sequence-diagram.ts'
import { effectPhrase, eventPhrase } from './step-phrases.ts'
import type { TracedNote, TracedStep } from './trace.ts'

export interface ExplainedEntry {
  /** The number of the step, as `simulate --steps` counts; null for what is no step of a replica. */
  readonly step: number | null
  /** The number of steps before it, itself included. */
  readonly steps: number
  readonly atMs: number
  readonly replica: ReplicaId | null
  readonly isTraitor: boolean
  readonly event: { readonly text: string; readonly rule: RuleTag | null }
  readonly effects: readonly Phrase[]
  /** The acts of a traitor that followed: what it did otherwise than its protocol says. */
  acts: number
  /** The number of equal entries in a row that this one stands for. */
  times: number
}

export interface ExplainerOptions {
  readonly n: number
  readonly isTraitor: (id: ReplicaId) => boolean
  readonly onEntry: (entry: ExplainedEntry) => void
}

/** Turns the events of a run into entries, as they happen. */
export class Explainer {
  readonly #options: ExplainerOptions
  readonly #grounds: LeavingGrounds
  /** Refusals by the protocol itself, which are effects of a step already explained. */
  #explained = 0
  #steps = 0
  #clients: readonly ClientId[] = []
  #last: ExplainedEntry | null = null

  constructor(options: ExplainerOptions) {
    this.#options = options
    this.#grounds = new LeavingGrounds(options.n)
  }

  get steps(): number {
    return this.#steps
  }

  /** The cluster of the run, for the numbers of its clients. */
  readonly onCluster = ({ clients }: Cluster): void => {
    this.#clients = clients.map(({ id }) => id)
  }

  readonly onStep = (traced: TracedStep): void => {
    const { replica, event, effects, atMs } = traced
    this.#steps++
    this.#explained = effects.filter(({ kind }) => kind === 'reject').length
    const ground = this.#grounds.of(replica)
    this.#grounds.note(traced)
    if (isIdle(traced) || isOwnEcho(traced)) return
    const context = { event, ground, clientName: this.#clientName }
    const entry = {
      ...this.#at(atMs, replica),
      step: this.#steps,
      event: eventPhrase(event, { replica, nameOf: this.#nameOf }),
      effects: effects.filter((each) => !isStatus(each)).map((each) => effectPhrase(each, context)),
    }
    this.#last = entry
    this.#options.onEntry(entry)
  }

  /** A refusal before the protocol: of bytes, of an authentication, of a sender that is cut off. */
  readonly onRejected = (
    replica: ReplicaId,
    { from, reason, detail }: RejectedMessage,
    atMs: number,
  ): void => {
    if (this.#explained > 0) {
      this.#explained--
      return
    }
    const why = detail === undefined ? reason : `${reason} (${detail})`
    this.#note({
      ...this.#at(atMs, replica),
      event: { text: `REFUSES a message from ${this.#nameOf(from)}: ${why}`, rule: null },
    })
  }

  readonly onNote = ({ atMs, text }: TracedNote): void => {
    this.#note({
      ...this.#at(atMs, null),
      event: {
        text: text.replace(/^fault /, 'fault: ').replace(/ asks (\d+)$/, ' sends REQUEST $1'),
        rule: null,
      },
    })
  }

  /** A traitor did otherwise than its protocol says, after its last step. */
  readonly onAct = (traitor: ReplicaId, atMs: number): void => {
    const last = this.#last
    if (last?.replica === traitor && (last.steps === this.#steps || last.acts > 0)) last.acts++
    else {
      const event = { text: 'acts by itself', rule: null }
      this.#note({ ...this.#at(atMs, traitor), event, acts: 1 })
    }
  }

  #note(entry: Omit<ExplainedEntry, 'step' | 'effects'>): void {
    const last = this.#last
    const isSame = last !== null && last.step === null && last.replica === entry.replica
    if (isSame && last.acts === 0 && last.event.text === entry.event.text) {
      last.times++
      return
    }
    const noted = { ...entry, step: null, effects: [] }
    this.#last = noted
    this.#options.onEntry(noted)
  }

  #at(atMs: number, replica: ReplicaId | null) {
    const isTraitor = replica !== null && this.#options.isTraitor(replica)
    return { steps: this.#steps, atMs, replica, isTraitor, acts: 0, times: 1 }
  }

  readonly #clientName = (id: ClientId): string => {
    const index = this.#clients.indexOf(id)
    return index < 0 ? `client ${id.slice(0, 8)}` : `client ${index}`
  }

  readonly #nameOf = (peer: Peer): string => {
    if (peer.kind === 'client') return this.#clientName(peer.id)
    return this.#options.isTraitor(peer.id) ? `replica ${peer.id} (traitor)` : `replica ${peer.id}`
  }
}

/** True for a replica that hears its own message, and makes nothing of it. */
const isOwnEcho = ({ replica, event, effects }: TracedStep): boolean =>
  event.kind === 'received' &&
  event.from.kind === 'replica' &&
  event.from.id === replica &&
  effects.every(isStatus)
