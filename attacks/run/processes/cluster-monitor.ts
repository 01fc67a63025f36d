/** Monitors a running cluster: the reports of each correct replica, and its memory. */
import { collectReports } from '../../../clients/library/cluster-status.ts'
import type { Connection } from '../../../clients/library/connection.ts'
import type { ReplicaId } from '../../../src/base/ids.ts'
import type { ReplicaReport } from '../../../src/messages/message.ts'
import { pause } from '../deadlines.ts'
import { memoryOf } from './process-memory.ts'

const LOOK_MS = 200
/** The time after which a replica that does not answer is skipped. */
const REPORT_MS = 500

/** A suspicion of silence between two correct replicas. */
export interface Suspicion {
  readonly by: ReplicaId
  readonly of: ReplicaId
  /** The number of samples that show it, and of those in which the suspect attacked or was disturbed. */
  looks: number
  rightLooks: number
  /** The time of the first sample that shows it, in milliseconds. */
  readonly firstMs: number
}

export interface MemoryUse {
  readonly replica: ReplicaId
  /** The memory in the first and the last sample, and its peak, in bytes. */
  readonly firstBytes: number
  lastBytes: number
  peakBytes: number
}

/** The highest view of a correct replica, and its time, in milliseconds. */
export interface ViewSeen {
  readonly atMs: number
  readonly view: number
}

export class ClusterMonitor {
  readonly views: ViewSeen[] = []
  readonly #suspicions = new Map<string, Suspicion>()
  readonly #cutOff = new Set<ReplicaId>()
  readonly #memory = new Map<ReplicaId, MemoryUse>()
  readonly #options: MonitorOptions
  readonly #looking: Promise<void>
  #isOver = false
  #delayMs = 0

  constructor(options: MonitorOptions) {
    this.#options = options
    this.#looking = this.#look()
  }

  /** Returns its findings, with times relative to this value of `performance.now`. */
  suspicions(sinceMs: number): readonly Suspicion[] {
    return [...this.#suspicions.values()]
      .map((each) => ({ ...each, firstMs: Math.round(each.firstMs - sinceMs) }))
      .sort((a, b) => a.of - b.of || a.by - b.by)
  }

  /** The replicas that a correct one has cut off. */
  get cutOff(): readonly ReplicaId[] {
    return [...this.#cutOff].sort((a, b) => a - b)
  }

  /** The longest that the loop of a correct replica was held by its own work, in milliseconds. */
  get delayMs(): number {
    return this.#delayMs
  }

  get memory(): readonly MemoryUse[] {
    return [...this.#memory.values()].sort((a, b) => a.replica - b.replica)
  }

  /** The highest view that a correct replica was seen in. */
  get view(): number {
    return this.views.at(-1)?.view ?? 0
  }

  /** Takes a last sample, and stops. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#looking
  }

  /** Returns the current reports of the correct replicas. */
  async reports(): Promise<ReadonlyMap<ReplicaId, ReplicaReport>> {
    const { connection, correct } = this.#options
    const reports = await collectReports(connection, REPORT_MS)
    return new Map([...reports].filter(([id]) => correct.includes(id)))
  }

  /** Takes an additional sample. */
  async lookNow(): Promise<void> {
    const reports = await this.reports()
    const atMs = performance.now()
    const view = Math.max(0, ...[...reports.values()].map((report) => report.view))
    if (this.views.length === 0 || view > this.view) this.views.push({ atMs, view })
    for (const [by, { suspected, cutOff, eventLoopDelayMs }] of reports) {
      this.#delayMs = Math.max(this.#delayMs, eventLoopDelayMs)
      for (const of of suspected) this.#suspect(by, of, atMs)
      for (const { id } of cutOff) this.#cutOff.add(id)
    }
    this.#measureMemory()
  }

  async #look(): Promise<void> {
    while (!this.#isOver) {
      await this.lookNow()
      await pause(LOOK_MS)
    }
    await this.lookNow()
  }

  #suspect(by: ReplicaId, of: ReplicaId, atMs: number): void {
    const key = `${by} of ${of}`
    const known = this.#suspicions.get(key) ?? { by, of, looks: 0, rightLooks: 0, firstMs: atMs }
    known.looks++
    if (this.#options.isRight({ by, of })) known.rightLooks++
    this.#suspicions.set(key, known)
  }

  #measureMemory(): void {
    for (const replica of this.#options.correct) {
      const pid = this.#options.pidOf(replica)
      const memory = pid === null ? null : memoryOf(pid)
      if (memory === null) continue
      const { residentBytes, peakBytes } = memory
      const known = this.#memory.get(replica)
      if (known === undefined) {
        const use = { replica, firstBytes: residentBytes, lastBytes: residentBytes, peakBytes }
        this.#memory.set(replica, use)
      } else {
        known.lastBytes = residentBytes
        known.peakBytes = Math.max(known.peakBytes, peakBytes)
      }
    }
  }
}

export interface MonitorOptions {
  readonly connection: Connection
  readonly correct: readonly ReplicaId[]
  /** The process id of a replica; null while it is not running. */
  readonly pidOf: (id: ReplicaId) => number | null
  /** True if this suspicion is currently right. */
  readonly isRight: (suspicion: { readonly by: ReplicaId; readonly of: ReplicaId }) => boolean
}
