/**
 * Is there an order of one register's operations that explains all answers? The search of Wing and Gong (1993) with
 * Lowe's memory of configurations (2017): take an operation that no other had to precede, go on, come back when nothing
 * is left to take; never be twice in one configuration, which is the set of operations taken and the value held.
 *
 * Where all that began has ended, a configuration is the value alone: the search carries the values that are possible
 * there across, and what lies before is never gone through again for any of them. Six rules cut it down further:
 *   free      A read that finds what the register holds is taken at once: it changes nothing, and nothing that must
 *             follow it is kept waiting. So is a write that nobody finds while the register holds what nobody finds.
 *   unseen    Once nobody is left that could find a value, it is as good as any other such value. A write of one may
 *             come just before any other write, and so all that may come are taken there.
 *   lost      A value that must still be found and that nobody is left to write is never overwritten.
 *   alike     Of operations that may come next and have one kind, find the same and leave the same, only the one that
 *             ends first is tried; of those in doubt, which do not end, the one that was invoked first, and only when
 *             no certain one may come.
 *   thrifty   What is in doubt is taken only when the very next operation finds what it leaves.
 *   less      A configuration is passed over when the search has been in one that is the same but for operations in
 *             doubt, and that had taken no others of these.
 *
 * No rule loses the last order that explains the answers. Call an order thrifty when each operation in doubt in it comes
 * just before one that finds what it leaves. Take an order that is not. Between such an operation and the next write, or
 * the end, nobody looks; so it can be left out, and the order still explains the answers. Repeated, this makes any order
 * a thrifty one that is no longer. So it is enough that from the configuration with the shortest thrifty order of what
 * is left, among those that the search has been in, it goes on to one with a shorter order, until none is left:
 *   free, unseen  An operation moves forward in the order, and nobody finds anything else than before. What it stood
 *                 behind may no longer be thrifty, and is left out.
 *   alike         Let a and b be alike, a end no later than b, both be possible next, and the order begin with b. Let a
 *                 and b change places. Values stay the same. Nothing that began after b ended comes before b: nothing
 *                 that began after a ended came before a. Nothing that ended before b began comes behind b: it would
 *                 have kept b from being next. If a is in doubt and not in the order, a stands in for b. For operations
 *                 in doubt, which do not end, the one that was invoked first is possible whenever another one is.
 *   less          An order from the configuration passed over is one from the other too: of each class in doubt at least
 *                 as many are left there, and each of them was invoked no later. It is no longer, so the other one, if
 *                 the search came to no end from there, would have been a better choice.
 */
import { ConfigurationSet, type WordBudget } from './configuration-set.ts'
import { CAS, NEVER, READ, type RegisterProblem, WRITE } from './register-problem.ts'
import { isContradictory } from './zones.ts'

/** Stands for the value of a register that nobody is left to read. */
const UNSEEN = -1

/** Numbers in a frame: length of the trail, value, low, high and `owed` before it; where its candidates begin, and the next. */
const FRAME_NUMBERS = 7

/** The parts of the state that taking an operation changes, as they were before. */
interface Before {
  readonly trailLength: number
  readonly value: number
  readonly low: number
  readonly high: number
  readonly owed: 0 | 1
}

export type SearchEnd = 'linearizable' | 'not-linearizable' | 'unfinished' | 'out-of-memory'

export class RegisterSearch {
  readonly #problem: RegisterProblem
  readonly #mustFind: Int32Array
  readonly #mayFind: Int32Array
  readonly #mayLeave: Int32Array
  /** A bit for each operation that is taken; those in doubt begin at a word of their own. */
  readonly #taken: Int32Array
  readonly #doubtWord: number
  /** By class in doubt: how many of it are taken, the ones invoked first. */
  readonly #doubtTaken: Int32Array
  /** Words at the end of a configuration: what is taken of what is in doubt, and what is owed. */
  readonly #bitWords: number
  readonly #seen: ConfigurationSet
  #words = new Int32Array(16)
  #value: number
  /** All certain operations below it are taken. */
  #low = 0
  /** The highest certain operation that is taken, or -1. */
  #high = -1
  /** 1 when the operation taken last is in doubt, and one that finds what it leaves must be next; else 0. */
  #owed: 0 | 1 = 0
  /** By class: the candidate of the innermost frame, plus one; 0 while that frame is gathered and there is none. */
  readonly #candidateOf: Int32Array
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
    this.#doubtTaken = new Int32Array(problem.doubtStart.length - 1)
    this.#candidateOf = new Int32Array(problem.classes)
    this.#bitWords = problem.total === problem.certain ? 0 : this.#taken.length - this.#doubtWord + 1
    this.#seen = new ConfigurationSet(budget, this.#bitWords)
    this.#value = problem.initial
  }

  /** Configurations it was in so far. */
  get configurations(): number {
    return this.#seen.added
  }

  /** Goes on until it knows or was in `configurationsMax` further configurations. */
  run(configurationsMax: number): SearchEnd {
    const limit = this.#seen.added + configurationsMax
    if (!this.#isBegun) this.#begin()
    while (this.#end === 'unfinished' && this.#seen.added < limit) this.#step()
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
    if (isLost || isContradictory(this.#problem)) this.#finish('not-linearizable')
    else this.#enter({ trailLength: 0, value: initial, low: 0, high: -1, owed: 0 })
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
    const frame = frames.splice(-FRAME_NUMBERS)
    const [trailLength, value, low, high, owed, firstCandidate] = frame as [
      number,
      number,
      number,
      number,
      0 | 1,
      number,
    ]
    this.#candidates.length = firstCandidate
    this.#undo({ trailLength, value, low, high, owed })
    if (frames.length === 0) this.#finish('not-linearizable')
  }

  #try(operation: number): void {
    const { certain, kinds, from, to } = this.#problem
    const held = this.#value
    const left = to[operation] as number
    if (held !== UNSEEN && left !== held && this.#mayLeave[held] === 0) {
      const finds = from[operation] === held && operation < certain ? 1 : 0
      if ((this.#mustFind[held] as number) > finds) return
    }
    const before: Before = {
      trailLength: this.#trail.length,
      value: held,
      low: this.#low,
      high: this.#high,
      owed: this.#owed,
    }
    if (kinds[operation] === WRITE) this.#takeUnseenWrites(operation)
    this.#take(operation)
    this.#value = left
    this.#owed = operation < certain ? 0 : 1
    this.#enter(before)
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
  #enter(before: Before): void {
    while (this.#takeFree()) {}
    if (this.#low === this.#problem.certain) return this.#finish('linearizable')
    const first = this.#candidates.length
    if (this.#owed === 1) {
      this.#gatherFinders()
      if (this.#candidates.length === first) return this.#undo(before)
    }
    const added = this.#seen.add(this.#words, this.#describe())
    if (added === 'full') return this.#finish('out-of-memory')
    if (added === 'known') {
      this.#candidates.length = first
      return this.#undo(before)
    }
    const { trailLength, value, low, high, owed } = before
    this.#frames.push(trailLength, value, low, high, owed, first, first)
    if (this.#owed === 0) this.#gatherCandidates()
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
      if (isFree) {
        this.#take(index)
        if (from[index] === held) this.#owed = 0
      } else limit = Math.min(limit, completedAt[index] as number)
    }
    return held !== UNSEEN && this.#mayFind[held] === 0
  }

  /** Gathers the operations that may come next and change something: by their ends, then those in doubt. */
  #gatherCandidates(): void {
    const { certain, kinds, from, to, invokedAt, completedAt } = this.#problem
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
        this.#addCandidate(index)
      }
    }
    if (unseen >= 0) candidates.push(unseen)
    sortTail(candidates, first, completedAt)
    this.#gatherDoubtful(limit)
    this.#forgetCandidates(first)
  }

  /** Each cas that may come next and finds what the register holds. */
  #gatherFinders(): void {
    const { certain, kinds, from, invokedAt, completedAt } = this.#problem
    const first = this.#candidates.length
    let limit = NEVER
    for (let index = this.#next(this.#low); index < certain; index = this.#next(index + 1)) {
      if ((invokedAt[index] as number) > limit) break
      limit = Math.min(limit, completedAt[index] as number)
      if (kinds[index] === CAS && from[index] === this.#value) this.#addCandidate(index)
    }
    sortTail(this.#candidates, first, completedAt)
    this.#gatherDoubtful(limit)
    this.#forgetCandidates(first)
  }

  /** Of each class in doubt the first that is left, if it may come before `limit` and somebody could find what it leaves. */
  #gatherDoubtful(limit: number): void {
    const { kinds, from, to, invokedAt, doubtStart } = this.#problem
    for (let itsClass = 0; itsClass < this.#doubtTaken.length; itsClass++) {
      const index = (doubtStart[itsClass] as number) + (this.#doubtTaken[itsClass] as number)
      if (index === doubtStart[itsClass + 1]) continue
      if ((invokedAt[index] as number) > limit || (this.#mayFind[to[index] as number] as number) === 0)
        continue
      const fits = kinds[index] === WRITE ? this.#owed === 0 : from[index] === this.#value
      if (fits && this.#candidateOf[itsClass] === 0) this.#candidates.push(index)
    }
  }

  /** Adds a candidate, in place of one of its class that ends later; or not, when one of its class ends earlier. */
  #addCandidate(operation: number): void {
    const { completedAt, classOf } = this.#problem
    const itsClass = classOf[operation] as number
    const place = (this.#candidateOf[itsClass] as number) - 1
    if (place < 0) {
      this.#candidateOf[itsClass] = this.#candidates.push(operation)
    } else if (
      (completedAt[operation] as number) < (completedAt[this.#candidates[place] as number] as number)
    ) {
      this.#candidates[place] = operation
    }
  }

  #forgetCandidates(first: number): void {
    for (let place = first; place < this.#candidates.length; place++) {
      this.#candidateOf[this.#problem.classOf[this.#candidates[place] as number] as number] = 0
    }
  }

  #take(operation: number): void {
    this.#count(operation, -1)
    const word = this.#wordOf(operation)
    this.#taken[word] = (this.#taken[word] as number) | (1 << this.#bitOf(operation))
    this.#trail.push(operation)
    if (operation >= this.#problem.certain) {
      const itsClass = this.#problem.classOf[operation] as number
      this.#doubtTaken[itsClass] = (this.#doubtTaken[itsClass] as number) + 1
      return
    }
    if (operation > this.#high) this.#high = operation
    if (operation === this.#low) this.#low = this.#next(operation)
  }

  #undo({ trailLength, value, low, high, owed }: Before): void {
    while (this.#trail.length > trailLength) {
      const operation = this.#trail.pop() as number
      this.#count(operation, 1)
      const word = this.#wordOf(operation)
      this.#taken[word] = (this.#taken[word] as number) & ~(1 << this.#bitOf(operation))
      if (operation < this.#problem.certain) continue
      const itsClass = this.#problem.classOf[operation] as number
      this.#doubtTaken[itsClass] = (this.#doubtTaken[itsClass] as number) - 1
    }
    this.#value = value
    this.#low = low
    this.#high = high
    this.#owed = owed
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
    const length = 2 + Math.max(0, last - first + 1) + this.#bitWords
    if (length > this.#words.length) this.#words = new Int32Array(length * 2)
    this.#words[0] = this.#value
    this.#words[1] = first
    let at = 2
    for (let word = first; word <= last; word++) this.#words[at++] = this.#taken[word] as number
    if (this.#bitWords === 0) return length
    for (let word = this.#doubtWord; word < this.#taken.length; word++) {
      this.#words[at++] = this.#taken[word] as number
    }
    this.#words[at] = this.#owed
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
