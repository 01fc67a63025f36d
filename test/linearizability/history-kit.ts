/** Histories for tests: written by hand, drawn at random, and an oracle that is too simple to be wrong. */
import { createRandom } from '../../src/base/random.ts'
import type { OperationKind, OperationOutcome } from '../../src/linearizability/history.ts'
import { HistoryReader } from '../../src/linearizability/history-reader.ts'
import type { JsonValue } from '../../src/linearizability/value-codes.ts'

export interface Interval {
  readonly kind: OperationKind
  /** The result of a read; [old, new] of a cas. */
  readonly value: JsonValue
  readonly from: number
  readonly to: number
  readonly outcome: OperationOutcome
  readonly key?: string
}

/** An operation over the moments `from` to `to`; one that is open has no second moment. */
export const operation = (
  kind: OperationKind,
  value: JsonValue,
  [from, to]: readonly [number, number?],
  outcome: OperationOutcome = to === undefined ? 'open' : 'ok',
): Interval => ({ kind, value, from, to: to ?? Number.POSITIVE_INFINITY, outcome })

/** The lines of a history in which each operation has its own process. All times differ. */
export function linesOf(intervals: readonly Interval[]): string[] {
  const events = intervals.flatMap(({ kind, value, from, to, outcome, key = 'x' }, process) => {
    const invoked = kind === 'read' ? null : value
    const ended = kind === 'read' && outcome !== 'ok' ? null : value
    return [
      { at: from, line: { process, type: 'invoke', f: kind, key, value: invoked } },
      ...(outcome === 'open'
        ? []
        : [{ at: to, line: { process, type: outcome, f: kind, key, value: ended } }]),
    ]
  })
  return events.sort((a, b) => a.at - b.at).map(({ line }) => JSON.stringify(line))
}

export function readLines(lines: readonly string[]): HistoryReader['history'] {
  const reader = new HistoryReader()
  for (const line of lines) {
    const fault = reader.line(line)
    if (fault !== null) throw new Error(`line ${reader.lines}: ${fault}`)
  }
  return reader.history
}

export const historyOf = (...intervals: readonly Interval[]) => readLines(linesOf(intervals))

/** All orders of all choices, one after the other. Values are compared as JSON. */
export function isLinearizableByForce(intervals: readonly Interval[], initial: JsonValue = null): boolean {
  const happened = intervals.filter(({ outcome }) => outcome === 'ok')
  const doubtful = intervals.filter(({ outcome }) => outcome === 'open' || outcome === 'info')
  const canFollow = (left: readonly Interval[], value: string): boolean => {
    if (left.every(({ outcome }) => outcome !== 'ok')) return true
    return left.some((next) => {
      if (left.some(({ outcome, to }) => outcome === 'ok' && to < next.from)) return false
      const after = effect(next, value)
      return (
        after !== null &&
        canFollow(
          left.filter((each) => each !== next),
          after,
        )
      )
    })
  }
  return canFollow([...happened, ...doubtful], JSON.stringify(initial))
}

function effect({ kind, value, outcome }: Interval, held: string): string | null {
  if (kind === 'write') return JSON.stringify(value)
  if (kind === 'read') return outcome !== 'ok' || JSON.stringify(value) === held ? held : null
  const [from, to] = value as readonly [JsonValue, JsonValue]
  return JSON.stringify(from) === held ? JSON.stringify(to) : null
}

export interface Recorded {
  readonly lines: readonly string[]
  /** Index of the line of each read's ok that gave a written value, and that value. */
  readonly reads: readonly { readonly line: number; readonly key: string; readonly value: JsonValue }[]
}

/** The record that processes make of a store that is linearizable: each operation takes effect between its two events. */
export function recordStore(setting: {
  readonly seed: number
  readonly operations: number
  readonly keys: number
  readonly processes: number
  /** The share that ends as info; of these, half take effect at some later time and half never. */
  readonly doubt?: number
}): Recorded {
  const random = createRandom(setting.seed)
  const store = new Map<string, JsonValue>()
  const lines: string[] = []
  const reads: { line: number; key: string; value: JsonValue }[] = []
  interface UnderWay {
    readonly kind: OperationKind
    readonly key: string
    readonly value: JsonValue
    result: JsonValue | undefined
    outcome: OperationOutcome
  }
  const late: UnderWay[] = []
  const underWay: (UnderWay | undefined)[] = Array.from({ length: setting.processes })
  let started = 0
  const takeEffect = (each: UnderWay): void => {
    const held = store.get(each.key) ?? null
    each.outcome = 'ok'
    each.result = each.kind === 'read' ? held : each.value
    if (each.kind === 'write') store.set(each.key, each.value)
    if (each.kind !== 'cas') return
    const [from, to] = each.value as readonly [JsonValue, JsonValue]
    if (from === held) store.set(each.key, to)
    else each.outcome = 'fail'
  }
  const invoke = (process: number): void => {
    const key = `key-${random.below(setting.keys)}`
    const chance = random.next()
    const kind = chance < 0.5 ? 'read' : chance < 0.8 ? 'write' : 'cas'
    const fresh = `value ${started++}`
    const value = kind === 'read' ? null : kind === 'write' ? fresh : [store.get(key) ?? null, fresh]
    underWay[process] = { kind, key, value, result: undefined, outcome: 'open' }
    lines.push(JSON.stringify({ process, type: 'invoke', f: kind, key, value }))
  }
  const end = (process: number, each: UnderWay, type: OperationOutcome, value: JsonValue): void => {
    underWay[process] = undefined
    const { kind: f, key } = each
    if (f === 'read' && type === 'ok' && value !== null) reads.push({ line: lines.length, key, value })
    lines.push(JSON.stringify({ process, type, f, key, value }))
  }
  while (started < setting.operations || underWay.some((each) => each !== undefined)) {
    if (late.length > 0 && random.chance(0.05))
      takeEffect(late.splice(random.below(late.length), 1)[0] as UnderWay)
    const process = random.below(setting.processes)
    const each = underWay[process]
    if (each === undefined) {
      if (started < setting.operations) invoke(process)
    } else if (each.outcome === 'open' && random.chance(setting.doubt ?? 0)) {
      end(process, each, 'info', null)
      if (random.chance(0.5)) late.push(each)
    } else if (each.outcome === 'open') takeEffect(each)
    else end(process, each, each.outcome, each.outcome === 'ok' ? (each.result ?? null) : each.value)
  }
  return { lines, reads }
}
