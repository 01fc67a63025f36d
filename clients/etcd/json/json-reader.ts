/**
 * Reads JSON as etcd's gateway does: integers keep all their digits and how they were written, the last of several
 * equal names counts, and text after the first value is ignored.
 */

/** A number as it was written. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type JsonValue =
  | null
  | boolean
  | string
  | JsonNumber
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>

/** A text that is not JSON. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

/** The maximum depth of nested values. */
const DEPTH_MAX = 256
const SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
/** A string, in the form that JSON.parse accepts. */
const STRING = /"(?:[^"\\]|\\.)*"/sy

/** Returns the first value of a text; an empty object if there is none. */
export function readJson(text: string): JsonValue {
  return new JsonReader(text).read()
}

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): JsonValue {
    this.#skipSpace()
    return this.#at === this.#text.length ? new Map() : this.#value(0)
  }

  #value(depth: number): JsonValue {
    if (depth > DEPTH_MAX) throw new JsonError('the body is nested too deeply')
    this.#skipSpace()
    const character = this.#text[this.#at]
    if (character === '{') return this.#object(depth)
    if (character === '[') return this.#array(depth)
    if (character === '"') return this.#string()
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue
      this.#at += word.length
      return value
    }
    const number = this.#match(NUMBER)
    if (number === null) throw this.#unexpected('looking for beginning of value')
    return new JsonNumber(number)
  }

  #object(depth: number): ReadonlyMap<string, JsonValue> {
    const members = new Map<string, JsonValue>()
    this.#at++
    this.#skipSpace()
    if (this.#take('}')) return members
    do {
      this.#skipSpace()
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string')
      const name = this.#string()
      this.#skipSpace()
      if (!this.#take(':')) throw this.#unexpected('after object key')
      const value = this.#value(depth + 1)
      // Names keep the order of their last occurrences.
      members.delete(name)
      members.set(name, value)
      this.#skipSpace()
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#unexpected('after object key:value pair')
    return members
  }

  #array(depth: number): readonly JsonValue[] {
    const values: JsonValue[] = []
    this.#at++
    this.#skipSpace()
    if (this.#take(']')) return values
    do {
      values.push(this.#value(depth + 1))
      this.#skipSpace()
    } while (this.#take(','))
    if (!this.#take(']')) throw this.#unexpected('after array element')
    return values
  }

  #string(): string {
    const literal = this.#match(STRING)
    if (literal === null) throw new JsonError('unexpected end of JSON input')
    try {
      return JSON.parse(literal) as string
    } catch {
      throw new JsonError('invalid character in string literal')
    }
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const [found] = pattern.exec(this.#text) ?? []
    if (found === undefined) return null
    this.#at += found.length
    return found
  }

  #skipSpace(): void {
    this.#match(SPACE)
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #unexpected(where: string): JsonError {
    const character = this.#text[this.#at]
    if (character === undefined) return new JsonError('unexpected end of JSON input')
    return new JsonError(`invalid character '${character}' ${where}`)
  }
}

const WORDS: readonly (readonly [string, JsonValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
]
