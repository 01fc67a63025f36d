/**
 * Searches for an order of one register's operations that explains all answers. This is the search of Wing and Gong
 * (1993) with Lowe's memory of configurations (2017): take an operation that no other operation must precede, continue,
 * and backtrack when no operation can be taken. No configuration is visited twice; a configuration is the set of
 * operations taken and the value held.
 *
 * At a moment when every operation that began has ended, a configuration is the value alone. The search carries the
 * possible values across that moment and never searches the operations before it again. Six rules prune it:
 *   free      A read that finds the register's value is taken at once: it changes nothing and holds nothing back. So is
 *             a write that nobody finds, if the register holds a value that nobody finds.
 *   unseen    All values that no remaining operation could find are equivalent. A write of such a value may come just
 *             before any other write, so all such writes that are possible are taken there.
 *   lost      A value that must still be found, and that no remaining operation could write, is never overwritten.
 *   alike     Of operations that may come next and have one kind, find the same and leave the same, only the one that
 *             ends first is tried; of those in doubt, which do not end, the one that was invoked first, and only when
 *             no certain one may come.
 *   thrifty   An operation in doubt is taken only if the very next operation finds the value that it leaves.
 *   less      A configuration is skipped if the search visited one that differs only in operations in doubt, and whose
 *             operations in doubt taken were a subset.
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

/** The value of a register that no remaining operation could find. */
const UNSEEN = -1

/** Numbers in a frame: trail length, value, low, high and `owed` before it; its first candidate, and its next. */
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
  /** A bit for each operation, set when it is taken; the operations in doubt begin at a new word. */
  readonly #taken: Int32Array
  readonly #doubtWord: number
  /** By class in doubt: the number of its operations taken; the ones invoked first are taken first. */
  readonly #doubtTaken: Int32Array
  /** Words at the end of a configuration: the operations in doubt that are taken, and `owed`. */
  readonly #bitWords: number
  readonly #seen: ConfigurationSet
  #words = new Int32Array(16)
  #value: number
  /** All certain operations below it are taken. */
  #low = 0
  /** The highest certain operation that is taken, or -1. */
  #high = -1
  /** 1 if the last operation taken is in doubt: the next one must then find what it left. Otherwise 0. */
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

  /** The number of configurations visited so far. */
  get configurations(): number {
    return this.#seen.added
  }

  /** Continues until the answer is known or `configurationsMax` further configurations were visited. */
  run(configurationsMax: number): SearchEnd {
    const limit = this.#seen.added + configurationsMax
    if (!this.#isBegun) this.#begin()
    while (this.#end === 'unfinished' && this.#seen.added < limit) this.#step()
    return this.#end
  }

  /** Frees its memory; the search cannot continue afterwards. */
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

  /** Takes all writes that may come just before a write and leave a value that nobody finds. */
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

  /** Enters a configuration: takes the free operations, and opens a frame unless it is known or final. */
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

  /** Makes one pass over the possible next operations. Returns true if another pass may find more. */
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

  /** Gathers the possible next operations that change the value: certain ones by their ends, then those in doubt. */
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
        // They are taken together, so one of these writes stands for all.
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

  /** Gathers each cas that may come next and finds the register's value. */
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

  /** Gathers each class in doubt's first operation left, if it may come before `limit` and its value could be found. */
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

  /** Adds a candidate. Of candidates of one class only the one that ends first is kept. */
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

  /** Writes the configuration into `#words` and returns its length: all below its first word are taken, none above. */
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

  /** Returns the first certain operation from `index` on that is not taken, or `certain`. */
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

/** Sorts the operations from index `first` on by their ends. There are seldom many. */
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
