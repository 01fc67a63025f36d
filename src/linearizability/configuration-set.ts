/** A set of short word strings, compared exactly: the configurations that a search has been in. */

/** 32-bit words that all searches together may still take. */
export interface WordBudget {
  wordsLeft: number
}

const SLOTS_FIRST = 64
const WORDS_FIRST = 256
/** Words in front of each member: its hash, its length. */
const HEADER_WORDS = 2

export class ConfigurationSet {
  readonly #budget: WordBudget
  /** Offsets of members, plus one; 0 is free. A power of two of them, at most half of them taken. */
  #slots = new Int32Array(SLOTS_FIRST)
  #members = new Int32Array(WORDS_FIRST)
  #end = 0
  #size = 0

  constructor(budget: WordBudget) {
    this.#budget = budget
    budget.wordsLeft -= SLOTS_FIRST + WORDS_FIRST
  }

  get size(): number {
    return this.#size
  }

  /** Adds the first `length` words: whether they are new, or `full` when the budget is spent. */
  add(words: Int32Array, length: number): 'new' | 'known' | 'full' {
    const hash = hashOf(words, length)
    const slot = this.#find(words, length, hash)
    if ((this.#slots[slot] as number) !== 0) return 'known'
    if (!this.#reserve(HEADER_WORDS + length)) return 'full'
    this.#slots[slot] = this.#end + 1
    this.#members[this.#end] = hash
    this.#members[this.#end + 1] = length
    const start = this.#end + HEADER_WORDS
    for (let index = 0; index < length; index++) this.#members[start + index] = words[index] as number
    this.#end = start + length
    this.#size++
    if (this.#size * 2 >= this.#slots.length && !this.#rehash()) return 'full'
    return 'new'
  }

  /** Gives its words back to the budget. */
  free(): void {
    this.#budget.wordsLeft += this.#slots.length + this.#members.length
    this.#slots = new Int32Array(0)
    this.#members = new Int32Array(0)
  }

  /** The slot that holds these words, or the free one where they belong. */
  #find(words: Int32Array, length: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const member = slots[slot] as number
      if (member === 0 || this.#equals(member - 1, words, length, hash)) return slot
    }
  }

  #equals(member: number, words: Int32Array, length: number, hash: number): boolean {
    const members = this.#members
    if (members[member] !== hash || members[member + 1] !== length) return false
    for (let index = 0; index < length; index++) {
      if (members[member + HEADER_WORDS + index] !== words[index]) return false
    }
    return true
  }

  #reserve(words: number): boolean {
    const needed = this.#end + words
    if (needed <= this.#members.length) return true
    let length = this.#members.length
    while (length < needed) length *= 2
    // Offsets lie in 32-bit slots.
    if (length > 0x4000_0000 || !this.#spend(length - this.#members.length)) return false
    const larger = new Int32Array(length)
    larger.set(this.#members.subarray(0, this.#end))
    this.#members = larger
    return true
  }

  #rehash(): boolean {
    if (!this.#spend(this.#slots.length)) return false
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let member = 0; member < this.#end; ) {
      let slot = (this.#members[member] as number) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = member + 1
      member += HEADER_WORDS + (this.#members[member + 1] as number)
    }
    this.#slots = slots
    return true
  }

  #spend(words: number): boolean {
    if (this.#budget.wordsLeft < words) return false
    this.#budget.wordsLeft -= words
    return true
  }
}

/** murmur3's mixing, over words. */
function hashOf(words: Int32Array, length: number): number {
  let hash = length
  for (let index = 0; index < length; index++) {
    let word = Math.imul(words[index] as number, 0xcc9e2d51)
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593)
    hash ^= word
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
