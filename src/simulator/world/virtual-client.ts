/** A client of a simulation: the production runtime with a seeded load. */
import { assert } from '../../base/assert.ts'
import { utf8, writeU32 } from '../../base/bytes.ts'
import { given } from '../../base/given.ts'
import type { Timestamp } from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import type { Cluster, ClusterClient } from '../../messages/cluster.ts'
import { SESSION_NONCE_BYTES } from '../../messages/limits.ts'
import type { RefusalReason } from '../../messages/message.ts'
import type { CryptoSuite, Peer, Signer } from '../../ports.ts'
import { ClientRuntime, type Submitted } from '../../runtime/client-runtime.ts'
import { onlyReads } from '../../store/operations.ts'
import { type Operation, OperationsWriter } from '../../store/operations-writer.ts'
import type { InvariantMonitor } from '../checkers/invariant-monitor.ts'
import type { WorkloadPlan } from '../plan/plan.ts'
import type { QuietPhase } from '../plan/quiet-phase.ts'
import type { Trace } from '../trace/trace.ts'
import type { KnownPrincipals } from './administration.ts'
import type { VirtualClock, VirtualTime } from './virtual-clock.ts'
import type { VirtualNetwork } from './virtual-network.ts'
import { Workload } from './workload.ts'

/** The nonce of a client's session, different for each client and each of its starts. */
export function sessionNonce(client: number, start: number): Uint8Array {
  const nonce = new Uint8Array(SESSION_NONCE_BYTES)
  writeU32(nonce, 0, client)
  writeU32(nonce, 4, start)
  return nonce
}

/** Virtual milliseconds until a reservation of timestamps is durable. */
const RESERVATION_MS = 2

/** The timestamp of a read that is not ordered: no request has it. */
const NO_TIMESTAMP = 0 as Timestamp

/** One request in the history of a run, with virtual times. */
export interface HistoryEntry {
  readonly client: number
  /** 0 for a read that is not ordered, or not yet. */
  timestamp: Timestamp
  readonly operations: readonly Operation[]
  readonly invokedAtMs: number
  answeredAtMs: number | null
  /** The results that enough replicas agreed on; null while there is no answer, and for a refusal. */
  results: Uint8Array | null
  refusal: RefusalReason | null
}

export interface VirtualClientContext {
  readonly index: number
  /** Set for a second process with the key of another client: that client, and the initial counter. */
  readonly twin?: { readonly of: number; readonly reservedUpTo: number }
  readonly identity: ClusterClient
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signer: Signer
  readonly agreementSecret: Uint8Array
  readonly time: VirtualTime
  readonly clock: VirtualClock
  readonly network: VirtualNetwork
  readonly random: Random
  readonly workload: WorkloadPlan
  readonly quiet: QuietPhase | null
  readonly watch: InvariantMonitor
  readonly trace: Trace
  /** Called with every frame that it receives. */
  readonly onFrame: ((from: Peer, frame: Uint8Array) => void) | null
}

/** Returns the principals where there are any. */
function principalsOf({
  index,
  twin,
  identity,
  cluster,
  workload,
}: VirtualClientContext): KnownPrincipals | null {
  if (workload.administrator === undefined) return null
  const all = cluster.clients.map(({ publicKey }) => publicKey)
  return {
    self: identity.publicKey,
    clients: all.slice(0, workload.clients),
    all,
    isAdministrator: (twin?.of ?? index) === workload.administrator,
  }
}

export class VirtualClient {
  readonly #place: VirtualClientContext
  readonly #random: Random
  #runtime: ClientRuntime
  /** The number of times that its process was started. */
  #starts = 0
  /** Its counter, as it stands on disk. */
  #reservedUpTo = 0
  #counterLosses = 0
  #isShared = false
  #hasEnded = false
  readonly #history: HistoryEntry[] = []
  readonly #writer = new OperationsWriter()
  readonly #workload: Workload
  #open = 0
  /** The unsent rest of the current burst. */
  #burst = 0
  #isPausing = true

  constructor(place: VirtualClientContext) {
    this.#place = place
    this.#random = place.random
    this.#reservedUpTo = place.twin?.reservedUpTo ?? 0
    this.#workload = new Workload(place.index, place.random, place.workload, principalsOf(place))
    this.#runtime = this.#start()
    this.#pause()
  }

  #start(): ClientRuntime {
    const {
      cluster,
      suite,
      signer,
      agreementSecret,
      network,
      time,
      clock,
      random,
      identity,
      onFrame,
      index,
      twin,
    } = this.#place
    const start = ++this.#starts
    return new ClientRuntime({
      cluster,
      suite,
      signer,
      session: sessionNonce(index, start),
      agreementSecret,
      transport: network.attach({ kind: 'client', id: identity.id }, twin === undefined ? 0 : 1),
      clock,
      random: random.fork(),
      reservations: {
        reservedUpTo: this.#reservedUpTo,
        reserve: (upTo, done) =>
          time.after(RESERVATION_MS, () => {
            if (start !== this.#starts) return
            this.#reservedUpTo = upTo
            done()
          }),
      },
      onRoom: () => this.#submitMore(),
      ...given({ onFrame }),
    })
  }

  /** Its process ends, and another one starts with its key: the answers to its requests are no longer awaited. */
  restart(losesCounter: boolean): boolean {
    if (this.#hasEnded) return false
    this.#runtime.stop()
    this.#giveUp()
    if (losesCounter) {
      this.#reservedUpTo = 0
      this.#counterLosses++
    }
    this.#open = 0
    this.#runtime = this.#start()
    return true
  }

  /** Its process ends permanently, and sends no more requests. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    const { network, identity } = this.#place
    this.#runtime.stop()
    network.detach({ kind: 'client', id: identity.id }, { losesSent: false }, 1)
    this.#giveUp()
    this.#starts++ // Its reservation and its requests are void.
    this.#open = 0
  }

  /** From now on another process uses its key, so its open requests may be refused. */
  share(): void {
    this.#isShared = true
  }

  /** Its counter, as it stands on disk. */
  get reservedUpTo(): number {
    return this.#reservedUpTo
  }

  /** The client whose key it shares; null for a client with its own key. */
  get twinOf(): number | null {
    return this.#place.twin?.of ?? null
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Gives up the requests of its former process. */
  #giveUp(): void {
    const { watch, identity } = this.#place
    for (const [timestamp, { request }] of this.#runtime.state.pending) {
      const asked = { client: identity.id, timestamp: timestamp as Timestamp, requestDigest: request.digest }
      watch.onGivenUp(asked)
    }
  }

  /**
   * The requests that may be refused because its former process used their timestamps: those that are open when it
   * learns of this, once after each loss of its counter, if the first replicas that it asked lagged. While another
   * process has its key, any request may be refused.
   */
  get excusedMax(): number {
    if (this.#isShared) return this.#history.length
    return this.#counterLosses * this.#place.workload.openMax
  }

  get index(): number {
    return this.#place.index
  }

  get history(): readonly HistoryEntry[] {
    return this.#history
  }

  /** Requests that are not yet sent. */
  get left(): number {
    return this.#hasEnded ? 0 : this.#place.workload.requestsPerClient - this.#history.length
  }

  /** Requests that are sent and not answered. */
  get open(): number {
    return this.#open
  }

  /** The session's state of a waiting request, for a failure's description. */
  pending(timestamp: Timestamp) {
    return this.#runtime.state.pending.get(timestamp) ?? null
  }

  #pause(): void {
    this.#isPausing = true
    const { time, workload, quiet } = this.#place
    const pauseMs = this.#random.next() * workload.pauseMsMax
    const nextMs = time.now + pauseMs
    const isSilenced = quiet?.isIdle === true && nextMs >= quiet.fromMs && nextMs < quiet.untilMs
    // Clients start at different times.
    time.after(isSilenced ? quiet.untilMs - time.now + pauseMs : pauseMs, () => {
      this.#isPausing = false
      this.#burst = this.#random.between(1, workload.burstMax)
      this.#submitMore()
    })
  }

  /** Sends the rest of the burst, as far as there is room. */
  #submitMore(): void {
    const { workload } = this.#place
    while (
      !this.#isPausing &&
      !this.#hasEnded &&
      this.left > 0 &&
      this.#open < workload.openMax &&
      this.#runtime.room > 0
    ) {
      this.#submit()
      if (--this.#burst === 0) this.#pause()
    }
  }

  #submit(): void {
    const { watch, trace, time, identity, index } = this.#place
    const timestamp = this.#runtime.state.nextTimestamp as Timestamp
    const { hasUnorderedReads } = this.#runtime
    const operations = hasUnorderedReads
      ? this.#workload.drawBesideReads(this.#history.length + 1)
      : this.#workload.draw(timestamp)
    const encoded = this.#encode(operations)
    const isRead = hasUnorderedReads && onlyReads(encoded)
    const entry: HistoryEntry = {
      client: index,
      timestamp: isRead ? NO_TIMESTAMP : timestamp,
      operations,
      invokedAtMs: time.now,
      answeredAtMs: null,
      results: null,
      refusal: null,
    }
    this.#history.push(entry)
    this.#open++
    const start = this.#starts
    if (isRead) return this.#read(entry, encoded, start)
    this.#runtime.submit(encoded, (submitted) => {
      if (start === this.#starts) this.#answered(entry, submitted, digest)
    })
    const pending = this.#runtime.state.pending.get(timestamp)
    assert(pending !== undefined, 'a client with room takes a request')
    const { digest } = pending.request
    trace.note(time.now, `client ${index} asks ${timestamp}`)
    watch.onRequest({ client: identity.id, timestamp, requestDigest: digest, operations: encoded })
  }

  /** Sends a read. The checkers see it as a request, and as a second one if it is ordered. */
  #read(entry: HistoryEntry, operations: Uint8Array, start: number): void {
    const { watch, trace, time, identity, index, suite } = this.#place
    const { history } = this
    const name = suite.hash(utf8(`read ${index} ${start} ${history.length}`))
    let asked = { client: identity.id, timestamp: NO_TIMESTAMP, requestDigest: name }
    trace.note(time.now, `client ${index} reads ${history.length}`)
    watch.onRequest({ ...asked, operations })
    this.#runtime.read(
      operations,
      (submitted) => {
        if (start === this.#starts) this.#answered(entry, submitted, asked.requestDigest)
      },
      ({ timestamp, digest }) => {
        if (start !== this.#starts) return
        entry.timestamp = timestamp
        asked = { ...asked, timestamp, requestDigest: digest }
        trace.note(time.now, `client ${index} orders ${timestamp}`)
        watch.onRequest({ ...asked, operations, isOrderedRead: true })
      },
    )
  }

  #encode(operations: readonly Operation[]): Uint8Array {
    this.#writer.reset()
    for (const operation of operations) this.#writer.add(operation)
    return this.#writer.finish()
  }

  #answered(entry: HistoryEntry, submitted: Submitted, requestDigest: Uint8Array): void {
    const { watch, trace, time, identity, index } = this.#place
    this.#open--
    entry.answeredAtMs = time.now
    trace.note(time.now, `client ${index} has ${submitted.kind} ${entry.timestamp}`)
    if (submitted.kind === 'refused') {
      entry.refusal = submitted.reason
      watch.onGivenUp({ client: identity.id, timestamp: entry.timestamp, requestDigest })
    } else {
      entry.results = submitted.results
      this.#workload.learn(entry.operations, submitted.results)
      const { timestamp } = entry
      const isUnordered = timestamp === NO_TIMESTAMP || undefined
      watch.onAnswer({
        client: identity.id,
        timestamp,
        requestDigest,
        results: submitted.results,
        ...given({ isUnordered }),
      })
    }
    // Deferred, because the session is in the middle of a step.
    time.after(0, () => this.#submitMore())
  }
}
