/**
 * The processor time of a run's processes, as Linux tells it. All share the machine: what attackers take, nobody else
 * has, and that is no loss of the store's. So throughput is told for each second that the correct replicas worked.
 */
import { readFileSync } from 'node:fs'

/** Milliseconds of processor time, since the processes began or between two moments. */
export interface Spent {
  /** Of all correct replicas together; null where the system does not tell. */
  readonly correctMs: number | null
  /** Traitors and hostile clients; null where the system does not tell, or where the attack is part of this process. */
  readonly hostileMs: number | null
  /** This process: the clients of the load, and attacks from outside. */
  readonly loadMs: number
}

/** The unit of /proc: USER_HZ, which is 100 on every Linux. In milliseconds. */
const CLOCK_TICK_MS = 10
/** Behind the name of the program: user and system time. */
const USER_AT = 11
const SYSTEM_AT = 12

/** Null where the process is gone, or the system is another. */
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

/** True if this system tells what processes take. */
export const isProcessorTimeTold = (): boolean => processorMsOf(process.pid) !== null

/** Sums it up over processes that come and go: what one took until it was last looked at is kept. */
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
