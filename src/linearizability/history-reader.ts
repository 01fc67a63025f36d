/**
 * Histories as text: one JSON object a line, in the order in which the events happened.
 *
 *   {"process":0,"type":"invoke","f":"write","key":"x","value":1}
 *   {"process":0,"type":"ok","f":"write","key":"x","value":1}
 *
 * `process` is a whole number; it has one operation under way at a time, until `ok`, `fail` or `info`. `type` is what
 * `history.ts` says. `f` is read, write or cas; the value of a cas is [old, new], that of a read null until its ok. A
 * completion may leave out f and key, and all but a read's ok the value; what it gives must be what was invoked. Other
 * members are passed over, and so are empty lines.
 */
import { History, type Operation } from './history.ts'
import { type JsonValue, valueFault } from './value-codes.ts'

interface UnderWay {
  readonly operation: Operation
  readonly key: string
  readonly value: JsonValue
}

export class HistoryReader {
  readonly history = new History()
  readonly #underWay = new Map<number, UnderWay>()
  #lines = 0

  /** The number of lines read so far; a fault is in the last of these lines. */
  get lines(): number {
    return this.#lines
  }

  /** Reads the next line. Returns a description of its fault, or null. After a fault, reading cannot continue. */
  line(text: string): string | null {
    this.#lines++
    let event: Record<string, JsonValue | undefined>
    try {
      event = JSON.parse(text)
    } catch {
      return text.trim() === '' ? null : 'it is not JSON'
    }
    if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'it is not a JSON object'
    const { process, type } = event
    if (typeof process !== 'number' || !Number.isSafeInteger(process) || process < 0) {
      return `"process" must be a whole number, not ${shown(process)}`
    }
    switch (type) {
      case 'invoke':
        return this.#invoke(process, event)
      case 'ok':
      case 'fail':
      case 'info':
        return this.#complete(process, type, event)
      default:
        return `"type" must be invoke, ok, fail or info, not ${shown(type)}`
    }
  }

  #invoke(process: number, { f, key, value }: Record<string, JsonValue | undefined>): string | null {
    if (this.#underWay.has(process)) {
      return `process ${process} invokes an operation while its earlier one is under way`
    }
    if (typeof key !== 'string') return `"key" must be a string, not ${shown(key)}`
    const fault = valueFault(value ?? null)
    if (fault !== null) return fault
    const { history } = this
    let operation: Operation
    switch (f) {
      case 'read':
        if (value !== undefined && value !== null) return 'a read is invoked with the value null'
        operation = history.invokeRead(process, key, this.#lines)
        break
      case 'write':
        if (value === undefined) return 'a write has no "value"'
        operation = history.invokeWrite(process, key, value, this.#lines)
        break
      case 'cas':
        if (!Array.isArray(value) || value.length !== 2) return 'the value of a cas must be [old, new]'
        operation = history.invokeCas(process, key, value as [JsonValue, JsonValue], this.#lines)
        break
      default:
        return `"f" must be read, write or cas, not ${shown(f)}`
    }
    this.#underWay.set(process, { operation, key, value: value ?? null })
    return null
  }

  #complete(
    process: number,
    outcome: 'ok' | 'fail' | 'info',
    { f, key, value }: Record<string, JsonValue | undefined>,
  ): string | null {
    const underWay = this.#underWay.get(process)
    if (underWay === undefined) return `process ${process} completes an operation that it did not invoke`
    const { operation } = underWay
    if (f !== undefined && f !== operation.kind) return `a ${operation.kind} is completed as ${shown(f)}`
    if (key !== undefined && key !== underWay.key) {
      return `an operation on key ${shown(underWay.key)} is completed on key ${shown(key)}`
    }
    this.#underWay.delete(process)
    if (operation.kind === 'read') {
      if (outcome !== 'ok') {
        this.history.complete(operation, outcome, this.#lines)
        return null
      }
      if (value === undefined) return 'the ok of a read has no "value"'
      const fault = valueFault(value)
      if (fault === null) this.history.read(operation, value, this.#lines)
      return fault
    }
    const isLeftOut = value === undefined || (value === null && outcome !== 'ok')
    if (!isLeftOut && value !== underWay.value) {
      const fault = valueFault(value)
      if (fault !== null) return fault
      if (this.history.codes.code(value) !== this.history.codes.code(underWay.value)) {
        return `a ${operation.kind} of ${shown(underWay.value)} is completed with ${shown(value)}`
      }
    }
    this.history.complete(operation, outcome, this.#lines)
    return null
  }
}

const SHOWN_CHARACTERS_MAX = 60

/** Returns a value as text for a terminal: shortened, and without control characters. */
export function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  const short = text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX - 1)}…` : text
  return short.replace(/\p{C}/gu, (control) => `\\u{${control.codePointAt(0)?.toString(16)}}`)
}
