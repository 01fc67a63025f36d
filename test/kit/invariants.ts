/** The invariants of section 7, checked over the correct replicas of a ClusterRun. */
import { toHex } from '../../src/base/bytes.ts'
import { certificateFault, preparedCertificateFault } from '../../src/messages/certificate.ts'
import type { Request } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { ClusterKit } from './cluster-kit.ts'
import type { ClusterRun, Delivery } from './cluster-run.ts'
import { nextRoot } from './fake-application.ts'
import type { ReplicaUnderTest } from './replica-kit.ts'

const FIRST_ROOT = new Uint8Array(32)

interface Seen {
  records: number
  executed: number
  applied: number
  snapshots: number
  /** The state that its executions lead to. */
  root: Uint8Array
}

export class Invariants {
  /** The violations, by the number of the invariant. */
  readonly broken = new Map<number, string>()
  readonly #kit: ClusterKit
  readonly #run: ClusterRun
  readonly #traitors: readonly number[]
  readonly #asked = new Map<string, number>()
  readonly #digests = new Map<number, string>()
  readonly #roots = new Map<number, string>()
  readonly #certificates = new Map<string, string>()
  readonly #votes = new Map<string, string>()
  readonly #committed = new Map<number, { readonly view: number; readonly digest: string }>()
  readonly #preparedBy = new Map<string, Set<number>>()
  readonly #applied = new Map<string, number>()
  readonly #reached = new Map<number, { view: number; h: number; left: number }>()
  /** The sequence number up to which each replica was checked. */
  readonly #seen = new WeakMap<ReplicaUnderTest, Seen>()
  #time = 0

  constructor(kit: ClusterKit, run: ClusterRun, traitors: readonly number[] = []) {
    this.#kit = kit
    this.#run = run
    this.#traitors = traitors
    run.onSent = (delivery) => this.#onSent(delivery)
    run.onDelivered = () => this.check()
  }

  /** Delivers a request to every replica. */
  ask(request: Parameters<ClusterRun['ask']>[1]): void {
    this.#asked.set(toHex(request.digest), ++this.#time)
    for (const id of this.#kit.ids) this.#run.ask(id, request)
  }

  check(): void {
    for (const replica of this.#run.replicas) {
      if (this.#traitors.includes(replica.id)) continue
      const seen = this.#seen.get(replica) ?? {
        records: 0,
        executed: 0,
        applied: 0,
        snapshots: 0,
        root: FIRST_ROOT,
      }
      this.#seen.set(replica, seen)
      this.#checkProgress(replica)
      this.#checkRecords(replica, seen)
      this.#checkExecuted(replica, seen)
      this.#checkState(replica, seen)
    }
  }

  #expect(invariant: number, holds: boolean, what: string): void {
    if (!holds && !this.broken.has(invariant)) this.broken.set(invariant, what)
  }

  /** Checks that a key never gets a second value. */
  #same<K>(known: Map<K, string>, key: K, value: string): boolean {
    const first = known.get(key)
    if (first === undefined) known.set(key, value)
    return first === undefined || first === value
  }

  #checkProgress({ id, state }: ReplicaUnderTest): void {
    const reached = this.#reached.get(id) ?? { view: 0, h: 0, left: 0 }
    this.#expect(
      8,
      state.views.view >= reached.view,
      `replica ${id}: view ${state.views.view} after ${reached.view}`,
    )
    this.#expect(
      8,
      state.checkpoints.lowWatermark >= reached.h,
      `replica ${id}: h ${state.checkpoints.lowWatermark}`,
    )
    this.#reached.set(id, { ...reached, view: state.views.view, h: state.checkpoints.lowWatermark })
  }

  #checkRecords({ id, records }: ReplicaUnderTest, seen: Seen): void {
    const fresh = records.slice(seen.records)
    seen.records = records.length
    for (const record of fresh) {
      if (record.kind !== 'prepared') continue
      const { prePrepare } = record.certificate
      const { view, sequence, digest } = prePrepare
      const isGood = preparedCertificateFault(record.certificate, this.#kit.n) === null
      this.#expect(10, isGood, `replica ${id} prepared ${sequence} with a bad certificate`)
      const isSame = this.#same(this.#certificates, `prepared ${view} ${sequence}`, toHex(digest))
      this.#expect(5, isSame, `two prepared certificates for ${view}, ${sequence}`)
      const key = `${sequence} ${toHex(digest)}`
      this.#preparedBy.set(key, (this.#preparedBy.get(key) ?? new Set()).add(id))
    }
  }

  #checkExecuted({ id, executed }: ReplicaUnderTest, seen: Seen): void {
    const fresh = executed.slice(seen.executed)
    seen.executed = executed.length
    for (const { sequence, batch, commits } of fresh) {
      seen.root = nextRoot(seen.root, sequence, batch)
      const digest = toHex(batch.digest)
      this.#expect(
        1,
        this.#same(this.#digests, sequence, digest),
        `replica ${id} executes another ${sequence}`,
      )
      const [first] = commits
      const expected = { kind: 'commit', needed: this.#kit.q, digest: batch.digest } as const
      const isGood = first !== undefined && certificateFault(commits, expected) === null
      this.#expect(10, isGood, `replica ${id} executes ${sequence} on a bad certificate`)
      const view = first?.view ?? 0
      const isSame = this.#same(this.#certificates, `committed ${view} ${sequence}`, digest)
      this.#expect(5, isSame, `two commit certificates for ${view}, ${sequence}`)
      for (const { digest: asked } of batch.requests) {
        this.#expect(3, this.#asked.has(toHex(asked)), `nobody asked for what ${id} executed at ${sequence}`)
      }
      const earliest = this.#committed.get(sequence)
      if (earliest === undefined || view < earliest.view) this.#committed.set(sequence, { view, digest })
      this.#expect(6, this.#isHeld(sequence, digest), `${sequence} is committed and W have not prepared it`)
    }
  }

  #isHeld(sequence: number, digest: string): boolean {
    const prepared = this.#preparedBy.get(`${sequence} ${digest}`) ?? new Set()
    const holding = this.#run.replicas.filter(
      ({ id, state }) =>
        !this.#traitors.includes(id) && (prepared.has(id) || state.checkpoints.lowWatermark >= sequence),
    )
    return holding.length >= this.#kit.w
  }

  #checkState({ id, application, executed, snapshots, state }: ReplicaUnderTest, seen: Seen): void {
    const { applied } = application
    if (applied.length > seen.applied) {
      const operations = new Set(applied.map(({ operation }) => operation))
      this.#expect(4, operations.size === applied.length, `replica ${id} applied something twice`)
    }
    for (const { operation, sequence } of applied.slice(seen.applied)) {
      const first = this.#applied.get(operation)
      if (first === undefined) this.#applied.set(operation, sequence)
      this.#expect(12, first === undefined || first === sequence, `${operation} has two answers`)
    }
    seen.applied = applied.length
    for (const [sequence, { root }] of [...snapshots].slice(seen.snapshots)) {
      this.#expect(9, this.#same(this.#roots, sequence, toHex(root)), `two roots at ${sequence}`)
    }
    seen.snapshots = snapshots.size
    const [first] = executed
    if (first?.sequence !== 1 || executed.length !== state.ordering.lastExecuted) return // It was transferred.
    const isReplay = toHex(seen.root) === toHex(application.root)
    this.#expect(2, isReplay, `the state of replica ${id} is not the replay of what it executed`)
  }

  #onSent({ from, message }: Delivery): void {
    if (!('sender' in message) || message.sender !== from || this.#traitors.includes(from)) return
    switch (message.kind) {
      case 'pre-prepare':
      case 'prepare':
      case 'commit': {
        const key = `${from} ${message.kind} ${message.view} ${message.sequence}`
        this.#expect(5, this.#same(this.#votes, key, toHex(message.digest)), `${key} twice`)
        const left = this.#reached.get(from)?.left ?? 0
        this.#expect(8, message.view >= left, `replica ${from} sends ${message.kind} of a view it left`)
        this.#expect(11, this.#isDurable(from, message.sequence), `${key} is not on disk`)
        return
      }
      case 'view-change': {
        const reached = this.#reached.get(from) ?? { view: 0, h: 0, left: 0 }
        this.#reached.set(from, { ...reached, left: Math.max(reached.left, message.view) })
        return
      }
      case 'new-view':
        if (isRejection(message.contents)) return this.#expect(7, false, 'a NEW-VIEW without contents')
        return this.#checkLock(message.view, message.contents)
      default:
    }
  }

  /** True if the synced log holds something of this sequence number. */
  #isDurable(id: number, sequence: number): boolean {
    const replica = this.#run.replicas[id]
    if (replica === undefined) return false
    if (replica.isFound(sequence)) return true
    // The record is usually among the last.
    return replica.records
      .slice(0, replica.syncedRecords)
      .reverse()
      .some((record) => {
        if (record.kind === 'proposed') return record.content.sequence === sequence
        if (record.kind === 'accepted') return record.prePrepare.sequence === sequence
        if (record.kind === 'prepared') return record.certificate.prePrepare.sequence === sequence
        return record.kind === 'new-view' || record.kind === 'new-view-made'
      })
  }

  #checkLock(
    view: number,
    {
      viewChanges,
      prePrepares,
    }: Exclude<Extract<Delivery['message'], { kind: 'new-view' }>['contents'], { kind: 'rejection' }>,
  ): void {
    const minSequence = Math.max(...viewChanges.map(({ stable }) => stable.sequence))
    for (const [sequence, committed] of this.#committed) {
      if (committed.view >= view || minSequence >= sequence) continue
      const chosen = prePrepares.find((one) => one.sequence === sequence)
      const isKept = chosen !== undefined && toHex(chosen.digest) === committed.digest
      this.#expect(7, isKept, `NEW-VIEW ${view} does not choose what was committed at ${sequence}`)
    }
  }

  /** Checks that a request executed by W replicas before another one was sent comes first. */
  isInRealTimeOrder(earlier: Request, later: Request): boolean {
    const at = ({ client, timestamp }: Request) => this.#applied.get(`${client}:${timestamp}`)
    const [first, second] = [at(earlier), at(later)]
    return first !== undefined && second !== undefined && first <= second
  }
}
