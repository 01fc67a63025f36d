/**
 * Is there an order of one register's operations that explains all answers? The search of Wing and Gong (1993) with
 * Lowe's memory of configurations (2017): take an operation that no other had to precede, go on, come back when nothing
 * is left to take; never be twice in one configuration, which is the set of operations taken and the value held.
 *
 * Where all that began has ended, a configuration is the value alone: the search carries the values that are possible
 * there across, and what lies before is never gone through again for any of them. Four rules cut it down further.
 * Each keeps at least one order if there is any:
 *   free      a read that finds what the register holds is taken at once: it changes nothing, and nothing that must
 *             follow it is kept waiting. So is a write that nobody finds while the register holds what nobody finds.
 *   unseen    once nobody is left that could find a value, it is as good as any other such value. A write of one may
 *             come just before any other write, and so all that may come are taken there.
 *   lost      a value that must still be found and that nobody is left to write is never overwritten.
 *   in doubt  what may not have happened is taken only while somebody could find what it leaves.
 */
import { ConfigurationSet, type WordBudget } from './configuration-set.ts'
import { CAS, NEVER, READ, type RegisterProblem, WRITE } from './register-problem.ts'

/** What a register holds when nobody is left who could find it. */
const UNSEEN = -1

/** Numbers in a frame: length of the trail, value, low and high before it; where its candidates begin, and the next. */
const FRAME_NUMBERS = 6

export type SearchEnd = 'linearizable' | 'not-linearizable' | 'unfinished' | 'out-of-memory'

export class RegisterSearch {
  readonly #problem: RegisterProblem
  readonly #mustFind: Int32Array
  readonly #mayFind: Int32Array
  readonly #mayLeave: Int32Array
  /** A bit for each operation that is taken; those in doubt begin at a word of their own. */
  readonly #taken: Int32Array
  readonly #doubtWord: number
  readonly #seen: ConfigurationSet
  #words = new Int32Array(16)
  #value: number
  /** All certain operations below it are taken. */
  #low = 0
  /** The highest certain operation that is taken, or -1. */
  #high = -1
  readonly #trail: number[] = []
  readonly #frames: number[] = []
  readonly #candidates: number[] = []
  #isBegun = false
  #end: SearchEnd = 'unfinished'

  constructor(problem: RegisterProblem, budget: WordBudget) {
    this.#problem = problem
    this.#mustFind = problem.mustFind.slice()
    this.#mayFind = problem.mayFind.slice()
    this.#mayLeave = problem.mayLeave.slice()
    this.#doubtWord = (problem.certain + 31) >>> 5
    this.#taken = new Int32Array(this.#doubtWord + ((problem.total - problem.certain + 31) >>> 5))
    this.#seen = new ConfigurationSet(budget)
    this.#value = problem.initial
  }

  /** Configurations it was in so far. */
  get configurations(): number {
    return this.#seen.size
  }

  /** Goes on until it knows or was in `configurationsMax` further configurations. */
  run(configurationsMax: number): SearchEnd {
    const limit = this.#seen.size + configurationsMax
    if (!this.#isBegun) this.#begin()
    while (this.#end === 'unfinished' && this.#seen.size < limit) this.#step()
    return this.#end
  }

  /** Gives its memory back; there is no going on afterwards. */
  abandon(): void {
    if (this.#end === 'unfinished') this.#finish('out-of-memory')
  }

  #finish(end: SearchEnd): void {
    this.#end = end
    this.#seen.free()
  }

  #begin(): void {
    this.#isBegun = true
    const { initial } = this.#problem
    const isLost = this.#mustFind.some(
      (count, value) => count > 0 && this.#mayLeave[value] === 0 && value !== initial,
    )
    if (isLost) this.#finish('not-linearizable')
    else this.#enter(0, initial, 0, -1)
  }

  /** Takes the next candidate of the innermost frame, or leaves that frame. */
  #step(): void {
    const frames = this.#frames
    const next = frames[frames.length - 1] as number
    if (next < this.#candidates.length) {
      frames[frames.length - 1] = next + 1
      this.#try(this.#candidates[next] as number)
      return
    }
    const [trailLength, value, low, high, firstCandidate] = frames.splice(-FRAME_NUMBERS) as [
      number,
      number,
      number,
      number,
      number,
    ]
    this.#candidates.length = firstCandidate
    this.#undo(trailLength, value, low, high)
    if (frames.length === 0) this.#finish('not-linearizable')
  }

  #try(operation: number): void {
    const { kinds, from, to } = this.#problem
    const held = this.#value
    const left = to[operation] as number
    if (held !== UNSEEN && left !== held && this.#mayLeave[held] === 0) {
      const finds = from[operation] === held && operation < this.#problem.certain ? 1 : 0
      if ((this.#mustFind[held] as number) > finds) return
    }
    const trailLength = this.#trail.length
    const low = this.#low
    const high = this.#high
    if (kinds[operation] === WRITE) this.#takeUnseenWrites(operation)
    this.#take(operation)
    this.#value = left
    this.#enter(trailLength, held, low, high)
  }

  /** Everything that may come just before a write and leaves what nobody finds. */
  #takeUnseenWrites(except: number): void {
    const { certain, kinds, to, invokedAt, completedAt } = this.#problem
    let limit = NEVER
    for (let index = this.#next(this.#low); index < certain; index = this.#next(index + 1)) {
      if ((invokedAt[index] as number) > limit) return
      const isUnseen = kinds[index] === WRITE && this.#mayFind[to[index] as number] === 0
      if (isUnseen && index !== except) this.#take(index)
      else limit = Math.min(limit, completedAt[index] as number)
    }
  }

  /** Comes into a configuration: takes what is free, and opens a frame unless it is known or the end. */
  #enter(trailLength: number, value: number, low: number, high: number): void {
    while (this.#takeFree()) {}
    if (this.#low === this.#problem.certain) return this.#finish('linearizable')
    const added = this.#seen.add(this.#words, this.#describe())
    if (added === 'full') return this.#finish('out-of-memory')
    if (added === 'known') return this.#undo(trailLength, value, low, high)
    const first = this.#candidates.length
    this.#frames.push(trailLength, value, low, high, first, first)
    this.#gatherCandidates()
  }

  /** One pass over what may come next; whether another may find more. */
  #takeFree(): boolean {
    const { certain, kinds, from, to, invokedAt, completedAt } = this.#problem
    if (this.#value !== UNSEEN && this.#mayFind[this.#value] === 0) this.#value = UNSEEN
    const held = this.#value
    let limit = NEVER
    for (let index = this.#next(this.#low); index < certain; index = this.#next(index + 1)) {
      if ((invokedAt[index] as number) > limit) break
      const left = to[index] as number
      const isFree =
        kinds[index] === WRITE
          ? held === UNSEEN && this.#mayFind[left] === 0
          : from[index] === held && (kinds[index] === READ || left === held)
      if (isFree) this.#take(index)
      else limit = Math.min(limit, completedAt[index] as number)
    }
    return held !== UNSEEN && this.#mayFind[held] === 0
  }

  /** What may come next and changes something: the certain ones by their ends, then those in doubt. */
  #gatherCandidates(): void {
    const { certain, total, kinds, from, to, invokedAt, completedAt } = this.#problem
    const candidates = this.#candidates
    const first = candidates.length
    let limit = NEVER
    let unseen = -1
    for (let index = this.#next(this.#low); index < certain; index = this.#next(index + 1)) {
      if ((invokedAt[index] as number) > limit) break
      const end = completedAt[index] as number
      limit = Math.min(limit, end)
      if (kinds[index] === WRITE && this.#mayFind[to[index] as number] === 0) {
        // They are taken together: one of them stands for all.
        if (unseen < 0 || end < (completedAt[unseen] as number)) unseen = index
      } else if (kinds[index] === WRITE || (kinds[index] === CAS && from[index] === this.#value)) {
        candidates.push(index)
      }
    }
    if (unseen >= 0) candidates.push(unseen)
    sortTail(candidates, first, completedAt)
    for (let index = certain; index < total; index++) {
      if (this.#isTaken(index) || (invokedAt[index] as number) > limit) continue
      const fits = kinds[index] === WRITE || from[index] === this.#value
      if (fits && (this.#mayFind[to[index] as number] as number) > 0) candidates.push(index)
    }
  }

  #take(operation: number): void {
    this.#count(operation, -1)
    const word = this.#wordOf(operation)
    this.#taken[word] = (this.#taken[word] as number) | (1 << this.#bitOf(operation))
    this.#trail.push(operation)
    if (operation >= this.#problem.certain) return
    if (operation > this.#high) this.#high = operation
    if (operation === this.#low) this.#low = this.#next(operation)
  }

  #undo(trailLength: number, value: number, low: number, high: number): void {
    while (this.#trail.length > trailLength) {
      const operation = this.#trail.pop() as number
      this.#count(operation, 1)
      const word = this.#wordOf(operation)
      this.#taken[word] = (this.#taken[word] as number) & ~(1 << this.#bitOf(operation))
    }
    this.#value = value
    this.#low = low
    this.#high = high
  }

  #count(operation: number, change: 1 | -1): void {
    const { certain, from, to } = this.#problem
    const found = from[operation] as number
    const left = to[operation] as number
    if (found >= 0) {
      this.#mayFind[found] = (this.#mayFind[found] as number) + change
      if (operation < certain) this.#mustFind[found] = (this.#mustFind[found] as number) + change
    }
    if (left >= 0) this.#mayLeave[left] = (this.#mayLeave[left] as number) + change
  }

  /** Writes the configuration into `#words` and gives its length: all below the first word is taken, all above the last is not. */
  #describe(): number {
    const first = this.#low >>> 5
    const last = this.#high < 0 ? -1 : this.#high >>> 5
    const length = 2 + Math.max(0, last - first + 1) + this.#taken.length - this.#doubtWord
    if (length > this.#words.length) this.#words = new Int32Array(length * 2)
    this.#words[0] = this.#value
    this.#words[1] = first
    let at = 2
    for (let word = first; word <= last; word++) this.#words[at++] = this.#taken[word] as number
    for (let word = this.#doubtWord; word < this.#taken.length; word++) {
      this.#words[at++] = this.#taken[word] as number
    }
    return length
  }

  #wordOf(operation: number): number {
    const { certain } = this.#problem
    return operation < certain ? operation >>> 5 : this.#doubtWord + ((operation - certain) >>> 5)
  }

  #bitOf(operation: number): number {
    const { certain } = this.#problem
    return operation < certain ? operation & 31 : (operation - certain) & 31
  }

  #isTaken(operation: number): boolean {
    return (((this.#taken[this.#wordOf(operation)] as number) >>> this.#bitOf(operation)) & 1) === 1
  }

  /** The first certain operation from `index` on that is not taken, or `certain`. */
  #next(index: number): number {
    const { certain } = this.#problem
    if (index >= certain) return certain
    let word = index >>> 5
    let free = ~(this.#taken[word] as number) & (-1 << (index & 31))
    while (free === 0) {
      word++
      if (word >= this.#doubtWord) return certain
      free = ~(this.#taken[word] as number)
    }
    return Math.min(certain, word * 32 + 31 - Math.clz32(free & -free))
  }
}

/** Sorts what lies from `first` on by its ends; there is seldom much. */
function sortTail(operations: number[], first: number, completedAt: Int32Array): void {
  for (let index = first + 1; index < operations.length; index++) {
    const operation = operations[index] as number
    const end = completedAt[operation] as number
    let place = index
    while (place > first && (completedAt[operations[place - 1] as number] as number) > end) {
      operations[place] = operations[place - 1] as number
      place--
    }
    operations[place] = operation
  }
}
