/** Codes for values: small numbers, so that a search compares integers and never JSON. */

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** The code of null: the value of an absent key, and the first value of every register. */
export const NULL_CODE = 0
/** The deepest nesting of arrays and objects. A deeper value is refused, because comparing it recurses. */
export const VALUE_DEPTH_MAX = 64

/** Equal values have equal codes: numbers as doubles, objects whatever the order of their members. */
export class ValueCodes {
  readonly #values: JsonValue[] = [null]
  readonly #scalars = new Map<JsonValue, number>([[null, NULL_CODE]])
  readonly #composites = new Map<string, number>()

  /** The value must be no deeper than `VALUE_DEPTH_MAX`. */
  code(value: JsonValue): number {
    if (typeof value !== 'object' || value === null) {
      const known = this.#scalars.get(value)
      if (known !== undefined) return known
      this.#scalars.set(value, this.#values.length)
    } else {
      const text = canonicalText(value)
      const known = this.#composites.get(text)
      if (known !== undefined) return known
      this.#composites.set(text, this.#values.length)
    }
    return this.#values.push(value) - 1
  }

  value(code: number): JsonValue {
    return this.#values[code] ?? null
  }
}

/** JSON with the members of each object in the order of their names. */
function canonicalText(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalText(value[name] as JsonValue)}`)
  return `{${members.join(',')}}`
}

// Array.isArray does not narrow a readonly array away from the objects.
const isArray = (value: object): value is readonly JsonValue[] => Array.isArray(value)

/** Returns the reason why a value cannot be compared exactly, or null if it can. */
export function valueFault(value: JsonValue, depth = 0): string | null {
  if (typeof value === 'number') {
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      return 'a number beyond 2^53 is not exact in JSON; write it as a string'
    }
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  if (depth === VALUE_DEPTH_MAX) return `a value is nested deeper than ${VALUE_DEPTH_MAX}`
  for (const inner of isArray(value) ? value : Object.values(value)) {
    const fault = valueFault(inner, depth + 1)
    if (fault !== null) return fault
  }
  return null
}
