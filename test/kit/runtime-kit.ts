/** A replica's loop on in-memory ports: a recording network, a log in memory, and a manual clock. */
import type { ClientId, Milliseconds, ReplicaId } from '../../src/base/ids.ts'
import type { Peer } from '../../src/base/peer.ts'
import type { RequestOutcome } from '../../src/base/request-outcome.ts'
import type { Batch } from '../../src/messages/message.ts'
import { RECALL_TICKS } from '../../src/pbft/parameters.ts'
import type { Application, PageStore, Snapshot, TransportHandler } from '../../src/ports.ts'
import { type RejectedMessage, ReplicaRuntime } from '../../src/runtime/replica-runtime.ts'
import { TICK_MS } from '../../src/runtime/tick.ts'
import { type ClusterKit, suite } from './cluster-kit.ts'

export interface SentFrame {
  readonly to: Peer
  readonly frame: Uint8Array
}

/** Values that replace the defaults of irrelevant ports. */
export interface RuntimeParts {
  readonly application?: Application
  readonly pages?: PageStore
  readonly executedPerTurn?: number
}

export class RuntimeUnderTest {
  readonly runtime: ReplicaRuntime
  readonly sent: SentFrame[] = []
  readonly rejected: RejectedMessage[] = []
  /** Peers whose frames it accepts again. */
  readonly resumed: Peer[] = []
  /** The pending reads of the log, which the test answers. */
  readonly reads: (() => void)[] = []
  readonly #deferred: (() => void)[] = []
  readonly #timers = new Set<{ readonly interval: number; readonly run: () => void; due: number }>()
  #handler: TransportHandler | null = null
  #now = 1_000

  /** `results` are the results of every request, unless `parts` has another application. */
  constructor(kit: ClusterKit, id: number, results: Uint8Array, parts: RuntimeParts = {}) {
    const signer = kit.signers[id]
    if (signer === undefined) throw new Error(`no replica ${id}`)
    const log: Uint8Array[] = []
    this.runtime = new ReplicaRuntime({
      id: id as ReplicaId,
      cluster: kit.cluster,
      suite,
      signer,
      application: parts.application ?? answering(results),
      transport: {
        start: (handler) => {
          this.#handler = handler
        },
        send: (to, frame) => this.sent.push({ to, frame }) > 0,
        flush: () => {},
        resume: (peer) => this.resumed.push(peer),
        reachable: () => [],
        received: () => null,
        end: () => {},
      },
      replay: {
        beginning: 'birth',
        records: [],
        log: {
          append: (record) => log.push(record) - 1,
          sync: (done) => this.#deferred.push(done),
          read: (position, done) => this.reads.push(() => done(log[position] ?? null)),
          trim: () => {},
        },
      },
      pages: parts.pages ?? NO_PAGES,
      ...(parts.executedPerTurn === undefined ? {} : { executedPerTurn: parts.executedPerTurn }),
      entropy: (size) => new Uint8Array(size),
      clock: {
        now: () => this.#now as Milliseconds,
        every: (interval, run) => {
          const timer = { interval, run, due: this.#now + interval }
          this.#timers.add(timer)
          return () => this.#timers.delete(timer)
        },
        defer: (run) => this.#deferred.push(run),
      },
      onRejected: (rejected) => this.rejected.push(rejected),
    })
    // No replica answers its recall, so it takes part after the time-out.
    this.tick(RECALL_TICKS)
    this.sent.length = 0
  }

  /** Delivers a frame from a peer, without processing it. */
  deliver(from: Peer, frame: Uint8Array): void {
    this.#handler?.onFrame(from, frame)
  }

  /** Delivers frames from one peer, and runs until nothing is due. */
  receive(from: Peer, ...frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.#handler?.onFrame(from, frame)
    this.run()
  }

  tick(count = 1): void {
    for (let done = 0; done < count; done++) {
      this.tickOnly()
      this.run()
    }
  }

  /** Runs the next due turn or sync, so that a test can look between two of them. Returns false if none is due. */
  runOne(): boolean {
    const next = this.#deferred.shift()
    next?.()
    return next !== undefined
  }

  /** Ticks without running due work. */
  tickOnly(): void {
    this.#now += TICK_MS
    for (const timer of [...this.#timers]) {
      if (timer.due > this.#now || !this.#timers.has(timer)) continue
      timer.due += timer.interval
      timer.run()
    }
  }

  run(): void {
    for (let next = this.#deferred.shift(); next !== undefined; next = this.#deferred.shift()) next()
  }
}

/** A page store that is empty and discards writes. */
const NO_PAGES: PageStore = {
  anchor: null,
  read: () => null,
  write: (_, done) => done(),
  commit: (_, __, done) => done(),
  collect: (_, done) => done(0),
}

/** A dummy state of an application. */
const ONE_PAGE: Snapshot = {
  hashSome: () => new Uint8Array(32),
  page: (path) => (path.length === 0 ? new Uint8Array(1) : null),
  changesSince: () => ({ added: [], removed: [] }),
  release: () => {},
}

/** An application that returns these results for every request, and records its executions. */
function answering(results: Uint8Array): Application {
  const executed = new Set<string>()
  const keyOf = (client: ClientId, timestamp: number): string => `${client}:${timestamp}`
  return {
    *begin(_, batch: Batch) {
      return batch.requests.map(({ client, publicKey, session, timestamp, digest }): RequestOutcome => {
        const standing = executed.has(keyOf(client, timestamp)) ? 'executed' : 'new'
        executed.add(keyOf(client, timestamp))
        const name = { client, session, timestamp, requestDigest: digest }
        return { ...name, publicKey, results, standing, recovery: null }
      })
    },
    lastUse: () => ({ timestamp: 0 as RequestOutcome['timestamp'], session: null }),
    mayReadState: () => true,
    standing: ({ client, timestamp }) => (executed.has(keyOf(client, timestamp)) ? 'executed' : 'new'),
    results: () => results,
    read: () => results,
    revision: 0,
    nextExpiry: null,
    snapshot: () => ONE_PAGE,
    assemble: () => ({
      missing: () => [],
      add: () => 'not-missing',
      retarget: () => {},
      finish: () => ONE_PAGE,
    }),
    restore: () => {},
    fingerprint: () => new Uint8Array(32),
  }
}
