/**
 * The set of configurations that a search has visited, compared exactly.
 *
 * A configuration consists of a head, which is the position of the search, and a set of bits, which records what the
 * search used up to get there. Of two configurations with the same head, the one that used up less can do everything
 * that the other can. So a configuration is known if one with the same head and a subset of its bits was added before.
 */

/** 32-bit words that all searches together may still take. */
export interface WordBudget {
  wordsLeft: number
}

const SLOTS_FIRST = 64
const WORDS_FIRST = 256
/** Words in front of each head: its hash, its length, and the offset of its newest bits, plus one. */
const HEADER_WORDS = 3
const NEWEST = 2
/**
 * Bit sets of a head that are compared, newest first. Older sets are skipped: a known configuration may then be taken
 * for a new one, which only costs time.
 */
const COMPARED_MAX = 256

export class ConfigurationSet {
  readonly #budget: WordBudget
  readonly #bitWords: number
  /**
   * Offsets of heads, plus one; 0 is a free slot. The number of slots is a power of two, and at most half are taken.
   */
  #slots = new Int32Array(SLOTS_FIRST)
  readonly #heads: GrowingWords
  #headCount = 0
  /** For each configuration, the offset of the next older one of its head, plus one, and then its bits. */
  readonly #bits: GrowingWords
  #added = 0

  /** Each configuration has `bitWords` words of bits. */
  constructor(budget: WordBudget, bitWords = 0) {
    this.#budget = budget
    this.#bitWords = bitWords
    this.#heads = new GrowingWords(budget)
    this.#bits = new GrowingWords(budget)
    budget.wordsLeft -= SLOTS_FIRST
  }

  /** The number of configurations that were new when they were added. */
  get added(): number {
    return this.#added
  }

  /**
   * Adds the configuration in the first `length` words, whose bits come last. Returns `new` or `known`, or `full` when
   * the budget is spent.
   */
  add(words: Int32Array, length: number): 'new' | 'known' | 'full' {
    const headLength = length - this.#bitWords
    const hash = hashOf(words, headLength)
    const slot = this.#find(words, headLength, hash)
    const known = this.#slots[slot] as number
    if (known !== 0 && this.#isKnown(known - 1, words, headLength)) return 'known'
    const head = known !== 0 ? known - 1 : this.#addHead(slot, words, headLength, hash)
    if (head === null || !this.#addBits(head, words, headLength)) return 'full'
    this.#added++
    return 'new'
  }

  /** Returns the words of this set to the budget. */
  free(): void {
    this.#budget.wordsLeft += this.#slots.length
    this.#slots = new Int32Array(0)
    this.#heads.free()
    this.#bits.free()
  }

  /** Returns the slot that holds this head, or the free slot where it belongs. */
  #find(words: Int32Array, length: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const head = slots[slot] as number
      if (head === 0 || this.#equals(head - 1, words, length, hash)) return slot
    }
  }

  #equals(head: number, words: Int32Array, length: number, hash: number): boolean {
    const heads = this.#heads.words
    if (heads[head] !== hash || heads[head + 1] !== length) return false
    for (let index = 0; index < length; index++) {
      if (heads[head + HEADER_WORDS + index] !== words[index]) return false
    }
    return true
  }

  #isKnown(head: number, words: Int32Array, headLength: number): boolean {
    if (this.#bitWords === 0) return true
    const bits = this.#bits.words
    let next = this.#heads.words[head + NEWEST] as number
    for (let compared = 0; next !== 0 && compared < COMPARED_MAX; compared++) {
      let isSubset = true
      for (let index = 0; isSubset && index < this.#bitWords; index++) {
        isSubset = ((bits[next + index] as number) & ~(words[headLength + index] as number)) === 0
      }
      if (isSubset) return true
      next = bits[next - 1] as number
    }
    return false
  }

  /** Returns the offset of the new head, or null when the budget is spent. */
  #addHead(slot: number, words: Int32Array, length: number, hash: number): number | null {
    const head = this.#heads.append(HEADER_WORDS + length)
    if (head === null) return null
    const heads = this.#heads.words
    heads[head] = hash
    heads[head + 1] = length
    for (let index = 0; index < length; index++) heads[head + HEADER_WORDS + index] = words[index] as number
    this.#slots[slot] = head + 1
    this.#headCount++
    return this.#headCount * 2 < this.#slots.length || this.#rehash() ? head : null
  }

  #addBits(head: number, words: Int32Array, headLength: number): boolean {
    if (this.#bitWords === 0) return true
    const at = this.#bits.append(1 + this.#bitWords)
    if (at === null) return false
    const bits = this.#bits.words
    bits[at] = this.#heads.words[head + NEWEST] as number
    for (let index = 0; index < this.#bitWords; index++) {
      bits[at + 1 + index] = words[headLength + index] as number
    }
    this.#heads.words[head + NEWEST] = at + 1
    return true
  }

  #rehash(): boolean {
    if (this.#budget.wordsLeft < this.#slots.length) return false
    this.#budget.wordsLeft -= this.#slots.length
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    const heads = this.#heads.words
    for (let head = 0; head < this.#heads.end; ) {
      let slot = (heads[head] as number) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = head + 1
      head += HEADER_WORDS + (heads[head + 1] as number)
    }
    this.#slots = slots
    return true
  }
}

/** A growing array of words, paid for from a budget. */
class GrowingWords {
  readonly #budget: WordBudget
  words = new Int32Array(WORDS_FIRST)
  end = 0

  constructor(budget: WordBudget) {
    this.#budget = budget
    budget.wordsLeft -= WORDS_FIRST
  }

  /** Returns where `count` further words, all of them 0, begin; or null when the budget is spent. */
  append(count: number): number | null {
    const start = this.end
    const needed = start + count
    if (needed > this.words.length) {
      let length = this.words.length
      while (length < needed) length *= 2
      const more = length - this.words.length
      // Offsets lie in 32-bit slots.
      if (length > 0x4000_0000 || this.#budget.wordsLeft < more) return null
      this.#budget.wordsLeft -= more
      const larger = new Int32Array(length)
      larger.set(this.words.subarray(0, start))
      this.words = larger
    }
    this.end = needed
    return start
  }

  free(): void {
    this.#budget.wordsLeft += this.words.length
    this.words = new Int32Array(0)
    this.end = 0
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
