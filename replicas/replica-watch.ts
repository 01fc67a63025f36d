/** Reads a replica's report each second, and logs the changes. */
import type { ReplicaReport } from '../src/messages/report.ts'
import { type Notice, noticesBetween } from './notices.ts'

const INTERVAL_MS = 1_000

export class ReplicaWatch {
  readonly #report: () => ReplicaReport
  readonly #n: number
  readonly #onNotice: (notice: Notice) => void
  #last: ReplicaReport
  #views = 0
  #timer: NodeJS.Timeout | null = null

  constructor(report: () => ReplicaReport, n: number, onNotice: (notice: Notice) => void) {
    this.#report = report
    this.#n = n
    this.#onNotice = onNotice
    this.#last = report()
  }

  /** The number of views since the start, including those between two reports. */
  get views(): number {
    return this.#views
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), INTERVAL_MS)
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  /** Compares the report with the last one. */
  look(): void {
    const now = this.#report()
    this.#views += now.view - this.#last.view
    for (const notice of noticesBetween(this.#last, now, this.#n)) this.#onNotice(notice)
    this.#last = now
  }
}
