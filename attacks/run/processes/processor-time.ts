/**
 * The processor time of a run's processes, as Linux reports it. All processes share the machine, and the time that
 * attackers use is not a loss caused by the store. So throughput is also reported per second of processor time of the
 * correct replicas.
 */
import { readFileSync } from 'node:fs'

/** Milliseconds of processor time, since the processes began or between two moments. */
export interface Spent {
  /** The time of all correct replicas together; null if the system does not report it. */
  readonly correctMs: number | null
  /**
   * The time of traitors and hostile clients; null if the system does not report it, or if the attack runs in this
   * process.
   */
  readonly hostileMs: number | null
  /** The time of this process, which runs the clients of the load, and attacks from outside. */
  readonly loadMs: number
}

/** The unit of /proc: USER_HZ, which is 100 on every Linux. In milliseconds. */
const CLOCK_TICK_MS = 10
/** The fields after the name of the program: user and system time. */
const USER_AT = 11
const SYSTEM_AT = 12

/** Null if the process is gone, or the system is not Linux. */
export function processorMsOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[USER_AT]) + Number(fields[SYSTEM_AT])
    return Number.isFinite(ticks) ? ticks * CLOCK_TICK_MS : null
  } catch {
    return null
  }
}

/** True if this system reports the processor time of processes. */
export const isProcessorTimeTold = (): boolean => processorMsOf(process.pid) !== null

/** Sums processor time over processes that come and go, keeping the last sample of ended ones. */
export class ProcessorTime {
  readonly #lastMs = new Map<number, number>()

  look(pid: number | undefined): void {
    const ms = pid === undefined ? null : processorMsOf(pid)
    if (pid !== undefined && ms !== null) this.#lastMs.set(pid, ms)
  }

  get ms(): number {
    return [...this.#lastMs.values()].reduce((sum, ms) => sum + ms, 0)
  }
}

export function ownMs(): number {
  const { user, system } = process.cpuUsage()
  return Math.round((user + system) / 1000)
}

export const spentBetween = (from: Spent, to: Spent): Spent => ({
  correctMs: difference(from.correctMs, to.correctMs),
  hostileMs: difference(from.hostileMs, to.hostileMs),
  loadMs: to.loadMs - from.loadMs,
})

const difference = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : to - from
