/**
 * The primaries that this replica skips for a while after they were slow, unfair or convicted. It holds at most f,
 * because one of any f + 1 is correct. After Spinning (Veronese and others, SRDS 2009). Kept in memory only. Keeps rule
 * 5.4.
 */
import type { ReplicaId } from '../../base/ids.ts'
import { faultsMax } from '../../base/quorum.ts'
import type { Blacklisted, Complaint } from '../../messages/message.ts'
import { BLACKLISTED_TICKS } from '../parameters.ts'
import type { Figures } from './primary-monitor.ts'

interface Entry extends Blacklisted {
  readonly untilTick: number
  /** The figures of a slow primary; null if it is blacklisted for another reason. */
  readonly figures: Figures | null
}

export class Blacklist {
  /** The entries, the oldest first. */
  readonly #entries: Entry[] = []
  readonly #countMax: number

  constructor(n: number) {
    this.#countMax = faultsMax(n)
  }

  get isFull(): boolean {
    return this.#entries.length >= this.#countMax
  }

  get all(): readonly Blacklisted[] {
    return this.#entries.map(({ replica, complaint }) => ({ replica, complaint }))
  }

  /** Returns the figures of the primaries that are blacklisted as slow. */
  get figures(): readonly Figures[] {
    return this.#entries.flatMap(({ figures }) => (figures === null ? [] : [figures]))
  }

  has(replica: ReplicaId): boolean {
    return this.#entries.some((entry) => entry.replica === replica)
  }

  /** Adds a primary. Drops the oldest entry if there are more than f. */
  add(entry: { replica: ReplicaId; complaint: Complaint; figures: Figures | null; tick: number }): void {
    const { replica, complaint, figures, tick } = entry
    this.#dropWhere((each) => each.replica === replica)
    this.#entries.push({ replica, complaint, figures, untilTick: tick + BLACKLISTED_TICKS })
    if (this.#entries.length > this.#countMax) this.#entries.shift()
  }

  /** Removes the slow primaries whose figures turn out to be good: no primary could have delivered more. */
  acquit(isGood: (figures: Figures) => boolean): void {
    this.#dropWhere(({ figures }) => figures !== null && isGood(figures))
  }

  expire(tick: number): void {
    this.#dropWhere(({ untilTick }) => untilTick <= tick)
  }

  #dropWhere(isOver: (entry: Entry) => boolean): void {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      if (isOver(this.#entries[index] as Entry)) this.#entries.splice(index, 1)
    }
  }
}
