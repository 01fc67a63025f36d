/**
 * The keys of the store in the order of their bytes: a list of sorted blocks. Two binary searches find a place, and an
 * insertion moves at most one block's keys.
 */

/** Keys in one block at most; a full one is split in two. */
export const BLOCK_KEYS_MAX = 512
/** Two neighbours that together hold fewer are joined, so that deletions leave no trail of tiny blocks. */
const JOINED_KEYS_MAX = BLOCK_KEYS_MAX / 2

/** The place in front of a key: its block, and its index there. */
interface Place {
  readonly block: number
  readonly index: number
}

/** A sorted set of byte texts. */
export class OrderedKeys {
  #size = 0
  /** None is empty, except the one of an empty set. */
  readonly #blocks: string[][] = [[]]

  get size(): number {
    return this.#size
  }

  /** Adds a key that is not there. */
  insert(key: string): void {
    const { block, index } = this.#lastBlockPlace(key)
    const keys = this.#block(block)
    keys.splice(index, 0, key)
    this.#size++
    if (keys.length < BLOCK_KEYS_MAX) return
    // Keys that arrive in order leave full blocks behind instead of half-full ones.
    const ascending = block === this.#blocks.length - 1 && index === keys.length - 1
    const half = ascending ? keys.length - 1 : keys.length >>> 1
    this.#blocks.splice(block + 1, 0, keys.splice(half))
  }

  /** Removes a key that is there. */
  delete(key: string): void {
    const { block, index } = this.#place(key)
    const keys = this.#block(block)
    keys.splice(index, 1)
    this.#size--
    if (keys.length < JOINED_KEYS_MAX) this.#join(block)
  }

  /** Every key with the prefix that comes after `after` (all of them when it is empty), in order. */
  *range(prefix: string, after: string): Generator<string, void, undefined> {
    const from = after < prefix ? this.#place(prefix) : this.#placeAfter(after)
    let { block, index } = from
    for (; block < this.#blocks.length; block++, index = 0) {
      const keys = this.#block(block)
      for (; index < keys.length; index++) {
        const key = keys[index] as string
        if (!key.startsWith(prefix)) return
        yield key
      }
    }
  }

  /** How many keys have the prefix. */
  count(prefix: string): number {
    if (prefix === '') return this.#size
    const from = this.#place(prefix)
    const next = successor(prefix)
    const to = next === null ? { block: this.#blocks.length, index: 0 } : this.#place(next)
    let count = to.index - from.index
    for (let block = from.block; block < to.block; block++) count += this.#block(block).length
    return count
  }

  #block(index: number): string[] {
    return this.#blocks[index] as string[]
  }

  #placeAfter(key: string): Place {
    const place = this.#place(key)
    return this.#blocks[place.block]?.[place.index] === key ? { ...place, index: place.index + 1 } : place
  }

  /** The place of the first key at or above `key`; behind the last block when there is none. */
  #place(key: string): Place {
    const place = this.#lastBlockPlace(key)
    const atEnd = place.index === this.#block(place.block).length
    return atEnd ? { block: place.block + 1, index: 0 } : place
  }

  /** Like `#place`, but the end of a block stands for the beginning of the next. */
  #lastBlockPlace(key: string): Place {
    const blocks = this.#blocks
    let low = 0
    let high = blocks.length - 1
    // The last block whose first key is at or below the key; the first block if none is.
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (((blocks[middle] as string[])[0] as string) <= key) low = middle
      else high = middle - 1
    }
    const keys = this.#block(low)
    let from = 0
    let to = keys.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((keys[middle] as string) < key) from = middle + 1
      else to = middle
    }
    return { block: low, index: from }
  }

  #join(block: number): void {
    const keys = this.#block(block)
    for (const first of [block - 1, block]) {
      const left = this.#blocks[first]
      const right = this.#blocks[first + 1]
      if (left === undefined || right === undefined) continue
      if (left.length + right.length >= JOINED_KEYS_MAX && keys.length > 0) continue
      left.push(...right)
      this.#blocks.splice(first + 1, 1)
      return
    }
  }
}

/** The least text above every text with the prefix, or null when there is none. */
function successor(prefix: string): string | null {
  let length = prefix.length
  while (length > 0 && prefix.charCodeAt(length - 1) === 0xff) length--
  if (length === 0) return null
  return prefix.slice(0, length - 1) + String.fromCharCode(prefix.charCodeAt(length - 1) + 1)
}
