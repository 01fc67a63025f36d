/**
 * The primaries that this replica will not have again for a while: at most f, because among f + 1 there is a correct one.
 * After Spinning (Veronese and others, SRDS 2009). Kept in memory only. Keeps rule 5.4.
 */
import type { ReplicaId } from '../../base/ids.ts'
import { faultsMax } from '../../base/quorum.ts'
import type { Blacklisted, Complaint } from '../../messages/message.ts'
import { BLACKLISTED_TICKS } from '../parameters.ts'
import type { Figures } from './primary-monitor.ts'

interface Entry extends Blacklisted {
  readonly untilTick: number
  /** The figures that it delivered; null when it is blamed for something else. */
  readonly figures: Figures | null
}

export class Blacklist {
  /** The oldest first. */
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

  /** The figures of the primaries that are here for slowness. */
  get figures(): readonly Figures[] {
    return this.#entries.flatMap(({ figures }) => (figures === null ? [] : [figures]))
  }

  has(replica: ReplicaId): boolean {
    return this.#entries.some((entry) => entry.replica === replica)
  }

  /** One more than f makes the oldest leave. */
  add(entry: { replica: ReplicaId; complaint: Complaint; figures: Figures | null; tick: number }): void {
    const { replica, complaint, figures, tick } = entry
    this.#dropWhere((each) => each.replica === replica)
    this.#entries.push({ replica, complaint, figures, untilTick: tick + BLACKLISTED_TICKS })
    if (this.#entries.length > this.#countMax) this.#entries.shift()
  }

  /** Lets those go of which this holds: they delivered what was to be had. */
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
