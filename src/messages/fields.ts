import { DIGEST_BYTES } from '../base/hash.ts'
import type { PayloadItem } from './payload.ts'

/** Reads a payload's fields in order. A field of another type makes `complete` false and returns a filler value. */
export class FieldReader {
  #at = 0
  #fits = true
  readonly #items: readonly PayloadItem[]

  constructor(items: readonly PayloadItem[]) {
    this.#items = items
  }

  integer<T extends number = number>(): T {
    const item = this.#items[this.#at++]
    if (typeof item === 'number') return item as T
    this.#fits = false
    return 0 as T
  }

  bytes(length: { readonly least: number; readonly most: number }): Uint8Array {
    const item = this.#items[this.#at++]
    if (item instanceof Uint8Array && item.length >= length.least && item.length <= length.most) return item
    this.#fits = false
    return new Uint8Array(0)
  }

  digest(): Uint8Array {
    return this.bytes({ least: DIGEST_BYTES, most: DIGEST_BYTES })
  }

  integers<T extends number = number>(most: number): readonly T[] {
    const item = this.#items[this.#at++]
    if (Array.isArray(item) && item.length <= most && item.every((each) => typeof each === 'number')) {
      return item as unknown as readonly T[]
    }
    this.#fits = false
    return []
  }

  /** Reads a 0 or a 1. */
  flag(): boolean {
    const value = this.integer()
    if (value > 1) this.#fits = false
    return value === 1
  }

  integerLists(most: { readonly lists: number; readonly each: number }): readonly (readonly number[])[] {
    const item = this.#items[this.#at++]
    const isList = (each: unknown): each is readonly number[] =>
      Array.isArray(each) && each.length <= most.each && each.every((part) => typeof part === 'number')
    if (Array.isArray(item) && item.length <= most.lists && item.every(isList)) {
      return item as unknown as readonly (readonly number[])[]
    }
    this.#fits = false
    return []
  }

  /** True if every field had the expected type and none is left over. */
  get complete(): boolean {
    return this.#fits && this.#at === this.#items.length
  }
}
