/** The floor of the model's history: it rises with executed time, and with the number of revisions that are kept. */
import { HISTORY } from '../../store/compaction.ts'
import type { KeysAtRevisions } from './keys-at-revisions.ts'

/** The number of times that the revision is noted within the kept age. */
const MARKS_PER_AGE = 64
/** The share of the limit by which revisions may exceed it before the floor moves. */
const SLACK = 1.25

export class HistoryAge {
  readonly #keys: KeysAtRevisions
  /** The revision at some executed times, oldest first. */
  #marks: { readonly time: number; readonly revision: number }[] = []
  #newest = Number.NEGATIVE_INFINITY

  constructor(keys: KeysAtRevisions) {
    this.#keys = keys
  }

  /** Called at the end of a batch with the executed time. */
  advance(time: number): void {
    const keys = this.#keys
    const { revisionsMax, ageMs } = HISTORY
    if (keys.revision - Math.max(keys.floor, 1) > SLACK * revisionsMax)
      this.#raise(keys.revision - revisionsMax)
    for (const { revision } of this.#marks.filter((mark) => mark.time <= time - ageMs)) this.#raise(revision)
    this.#marks = this.#marks.filter((mark) => mark.time > time - ageMs)
    if (time < this.#newest + ageMs / MARKS_PER_AGE) return
    this.#marks.push({ time, revision: keys.revision })
    this.#newest = time
  }

  #raise(floor: number): void {
    this.#keys.floor = Math.max(this.#keys.floor, floor)
  }
}
