/** Observes the correct replicas of a simulation, for the judges. */
import { equalBytes } from '../../../src/base/bytes.ts'
import type { ReplicaId } from '../../../src/base/ids.ts'
import type { RejectionReason } from '../../../src/messages/rejection.ts'
import type { Effect, Event, ProtocolMessage } from '../../../src/pbft/effects.ts'
import { lagMax } from '../../../src/pbft/ordering/proposed-time.ts'
import { REQUEST_TIMEOUT_TICKS } from '../../../src/pbft/parameters.ts'
import type { ReplicaState } from '../../../src/pbft/state.ts'
import { waitingIn } from '../../../src/pbft/views/primary-monitor.ts'
import { suspectedBy } from '../../../src/pbft/views/suspicion.ts'
import type { RejectedMessage, StepFunction } from '../../../src/runtime/replica-runtime-options.ts'
import type { TracedStep } from '../../../src/simulator/trace/trace.ts'
import { EPOCH_MS } from '../../../src/simulator/world/virtual-clock.ts'

export class Observer {
  readonly suspected = new Set<ReplicaId>()
  readonly convicted = new Set<ReplicaId>()
  readonly cutOff = new Set<ReplicaId>()
  readonly served = new Map<ReplicaId, number>()
  readonly rejected = new Map<RejectionReason, number>()
  readonly refusedOfClients = new Map<ReplicaId, Set<RejectionReason>>()
  readonly blamed = new Set<ReplicaId>()
  readonly transfers = { begun: 0, completed: 0 }
  nullBatches = 0
  aheadMs = Number.NEGATIVE_INFINITY
  /** The same of the time of an executed batch; and how long a lease was overdue by the clock of a correct replica. */
  executedAheadMs = Number.NEGATIVE_INFINITY
  leaseLateMs = 0
  lateMs = Number.NEGATIVE_INFINITY
  /** The time at which a correct replica last left a view, in virtual milliseconds. */
  leftViewAtMs: number | null = null
  timeoutTicksMost = REQUEST_TIMEOUT_TICKS
  readonly #isCorrect: (id: ReplicaId) => boolean
  /** The signed digests that correct replicas have seen, by kind, view, sequence number and sender. */
  readonly #signed = new Map<string, Uint8Array>()
  readonly #timeouts = new Map<ReplicaId, number>()
  readonly #beginsAtMs: number
  /** By correct replica, the waiting time of requests under the best primary before the attack, in ticks. */
  readonly #waiting = new Map<ReplicaId, number>()
  #hasBegun = false

  /** `beginsAtMs` is the beginning of the attack, in virtual milliseconds. */
  constructor(isCorrect: (id: ReplicaId) => boolean, beginsAtMs: number) {
    this.#isCorrect = isCorrect
    this.#beginsAtMs = beginsAtMs
  }

  /** The waiting time of requests before the attack, as measured by each correct replica, in ticks. */
  get waitingTicks(): readonly number[] {
    return [...this.#waiting.values()]
  }

  /** The current maximum of T at a correct replica. */
  get timeoutTicksLast(): number {
    return Math.max(REQUEST_TIMEOUT_TICKS, ...this.#timeouts.values())
  }

  /** Wraps the protocol of a correct replica, to read its state after each tick. */
  watching(replica: ReplicaId, protocol: StepFunction): StepFunction {
    return (state, event) => {
      const effects = protocol(state, event)
      if (event.kind === 'ticked') this.#look(replica, state)
      return effects
    }
  }

  onStep({ atMs, replica, event, effects }: TracedStep): void {
    this.#hasBegun = atMs >= this.#beginsAtMs
    if (!this.#isCorrect(replica)) return
    this.#onEvent(event)
    for (const effect of effects) this.#onEffect(effect, { atMs, replica })
  }

  /** Notes a refusal of a correct replica. */
  onRejected(replica: ReplicaId, { from, reason, guilty }: RejectedMessage): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1)
    if (guilty !== undefined) this.blamed.add(guilty)
    if (reason === 'cut-off' && from.kind === 'replica') this.cutOff.add(from.id)
    if (from.kind !== 'client') return
    const reasons = this.refusedOfClients.get(replica) ?? new Set()
    this.refusedOfClients.set(replica, reasons.add(reason))
  }

  #look(replica: ReplicaId, state: ReplicaState): void {
    const { nextExpiry } = state.leases
    if (this.#isCorrect(replica) && nextExpiry !== null && nextExpiry > 0)
      this.leaseLateMs = Math.max(this.leaseLateMs, state.clock.now - nextExpiry)
    const { timeoutTicks } = state.patience
    const { monitor } = state.suspicion
    if (!this.#hasBegun && monitor.reference !== null && this.#isCorrect(replica)) {
      this.#waiting.set(replica, waitingIn(monitor.reference))
    }
    this.#timeouts.set(replica, timeoutTicks)
    this.timeoutTicksMost = Math.max(this.timeoutTicksMost, timeoutTicks)
    for (const id of suspectedBy(state)) this.suspected.add(id)
  }

  #onEvent(event: Event): void {
    if (event.kind === 'transferred') this.transfers.completed++
    if (event.kind !== 'received') return
    for (const message of signedIn(event.message)) this.#compare(message)
  }

  /** Two different statements for one place convict their sender. */
  #compare({ key, sender, digest }: SignedWord): void {
    const other = this.#signed.get(key)
    if (other === undefined) this.#signed.set(key, digest)
    else if (!equalBytes(other, digest)) this.convicted.add(sender)
  }

  #onEffect(effect: Effect, { atMs, replica }: Pick<TracedStep, 'atMs' | 'replica'>): void {
    switch (effect.kind) {
      case 'execute':
        if (effect.batch.time === 0) this.nullBatches++
        this.executedAheadMs = Math.max(this.executedAheadMs, effect.batch.time - (EPOCH_MS + atMs))
        return
      case 'transfer':
        this.transfers.begun++
        return
      case 'serve':
        return this.#serve(effect.to, effect.sequences.length)
      case 'serve-batch':
        return this.#serve(effect.to, 1)
      case 'send':
        if (effect.outgoing.kind === 'batch') this.#serve(effect.to, 1)
        return
      case 'persist': {
        if (effect.record.kind === 'view-change') this.leftViewAtMs = atMs
        if (effect.record.kind !== 'accepted') return
        const { time, requests } = effect.record.prePrepare.batch
        const ahead = time - (EPOCH_MS + atMs)
        this.aheadMs = Math.max(this.aheadMs, ahead)
        const allowed = lagMax(this.#timeouts.get(replica) ?? REQUEST_TIMEOUT_TICKS)
        if (requests.length > 0) this.lateMs = Math.max(this.lateMs, -ahead - allowed)
        return
      }
      default:
    }
  }

  #serve(to: ReplicaId, count: number): void {
    this.served.set(to, (this.served.get(to) ?? 0) + count)
  }
}

/** A statement of a sender at one (kind, v, s); a correct sender makes only one. */
interface SignedWord {
  readonly key: string
  readonly sender: ReplicaId
  readonly digest: Uint8Array
}

function signedIn(message: ProtocolMessage): readonly SignedWord[] {
  switch (message.kind) {
    case 'pre-prepare':
    case 'prepare':
    case 'commit': {
      const { kind, view, sequence, sender, digest } = message
      return [{ key: `${kind} ${view} ${sequence} ${sender}`, sender, digest }]
    }
    case 'checkpoint':
      return [
        {
          key: `checkpoint ${message.sequence} ${message.sender}`,
          sender: message.sender,
          digest: message.root,
        },
      ]
    case 'decision':
      return message.commits.flatMap((commit) => signedIn(commit as ProtocolMessage))
    default:
      return []
  }
}
