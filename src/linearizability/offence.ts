/**
 * The smallest part of a key's history that is still not linearizable.
 *
 * Not every part proves something: without a write, the reads of its value look wrong. What may be taken away is the
 * end of the history, with what was under way then in doubt; a read; and a write or cas whose value no operation that
 * stays has found: whatever explains the rest with it explains the rest without. A part that cannot be explained then
 * shows that the whole cannot. And what lies before a moment at which nothing was under way may be replaced by the
 * values that are possible at that moment.
 */
import type { WordBudget } from './configuration-set.ts'
import type { History, Operation, OperationKind, OperationOutcome } from './history.ts'
import { registerProblem } from './register-problem.ts'
import { RegisterSearch, type SearchEnd } from './register-search.ts'
import { type JsonValue, NULL_CODE } from './value-codes.ts'

export interface OffendingOperation {
  readonly process: number
  readonly kind: OperationKind
  /** Of a read, what it gave; of a write, what it wrote; of a cas, [old, new]. */
  readonly value: JsonValue
  readonly invokedAt: number
  /** Null when it was under way at the end of the part, or nobody knows how it ended. */
  readonly completedAt: number | null
  readonly outcome: OperationOutcome
}

export interface Offence {
  readonly key: string
  /** Operations of the key in all. */
  readonly operationsOfKey: number
  /** The values that the register may hold before the operations. */
  readonly before: readonly JsonValue[]
  /** No order of them explains their answers; in the order of their invocations. */
  readonly operations: readonly OffendingOperation[]
}

/** Above so many operations, what the first ones left is told in their place. */
const TELLING_MAX = 8
/** Searches made in order to shrink. */
const ATTEMPTS_MAX = 20_000

interface Limits {
  readonly configurationsMax: number
  readonly wordsMax: number
}

/** The key must not be linearizable. */
export function describeOffence(history: History, key: string, limits: Limits): Offence {
  const all = history.byKey.get(key) ?? []
  const shrinker = new Shrinker(limits)
  const looking = all.filter(
    ({ kind, outcome }) => outcome === 'ok' || (outcome !== 'fail' && kind !== 'read'),
  )
  let part: Part = { operations: looking, before: [NULL_CODE] }
  part = shrinker.withoutEnd(part)
  part = shrinker.withoutNeedless(part)
  if (part.operations.length > TELLING_MAX) {
    part = shrinker.withoutBeginning(part)
    part = shrinker.withoutNeedless(part)
  }
  const { codes } = history
  return {
    key,
    operationsOfKey: all.length,
    before: part.before.map((code) => codes.value(code)),
    operations: part.operations.map(({ process, kind, from, to, invokedAt, completedAt, outcome }) => ({
      process,
      kind,
      value:
        kind === 'read'
          ? codes.value(from)
          : kind === 'write'
            ? codes.value(to)
            : [codes.value(from), codes.value(to)],
      invokedAt,
      completedAt: outcome === 'ok' ? completedAt : null,
      outcome,
    })),
  }
}

interface Part {
  readonly operations: readonly Operation[]
  /** Codes of the values that the register may hold before. */
  readonly before: readonly number[]
}

class Shrinker {
  readonly #wordsMax: number
  #configurationsLeft: number
  #attemptsLeft = ATTEMPTS_MAX

  constructor({ configurationsMax, wordsMax }: Limits) {
    this.#configurationsLeft = configurationsMax
    this.#wordsMax = wordsMax
  }

  /** The shortest beginning that is not linearizable. */
  withoutEnd({ operations, before }: Part): Part {
    const ends = operations
      .flatMap(({ outcome, completedAt }) => (outcome === 'ok' && completedAt !== null ? [completedAt] : []))
      .sort((a, b) => a - b)
    let least = 0
    let enough = ends.length - 1
    while (least < enough) {
      const middle = (least + enough) >>> 1
      if (this.#isOffending({ operations: until(operations, ends[middle] as number), before }))
        enough = middle
      else least = middle + 1
    }
    const shortest = { operations: until(operations, ends[enough] as number), before }
    return this.#isOffending(shortest) ? shortest : { operations, before }
  }

  /** Without whatever can be left out, in large pieces first. */
  withoutNeedless(part: Part): Part {
    let { operations } = part
    for (let size = Math.ceil(operations.length / 2); size >= 1; ) {
      let isSmaller = false
      for (let start = 0; start < operations.length; ) {
        const dropped = new Set(operations.slice(start, start + size))
        const kept = withNeeded(operations, dropped)
        if (kept.length < operations.length && this.#isOffending({ ...part, operations: kept })) {
          operations = kept
          isSmaller = true
        } else {
          start += size
        }
      }
      if (size > 1) size = Math.ceil(size / 2)
      else if (!isSmaller) break
    }
    return { ...part, operations }
  }

  /** Tells what the first operations leave in their place, as late as some operations still stand to be read. */
  withoutBeginning(part: Part): Part {
    const { operations } = part
    for (let cut = operations.length - TELLING_MAX / 2; cut > 0; cut--) {
      const first = operations.slice(0, cut)
      const from = (operations[cut] as Operation).invokedAt
      const isQuiet = first.every(
        ({ outcome, completedAt }) => outcome === 'ok' && (completedAt ?? from) < from,
      )
      if (!isQuiet) continue
      const before = this.#possibleAfter({ ...part, operations: first })
      if (before === null) return part
      const rest = { operations: operations.slice(cut), before }
      return this.#isOffending(rest) ? rest : part
    }
    return part
  }

  /** The values that the register may hold after operations that have all ended; null when the limits do not let it tell. */
  #possibleAfter({ operations, before }: Part): readonly number[] | null {
    const last = operations.reduce((latest, { completedAt }) => Math.max(latest, completedAt ?? 0), 0)
    const isOverwritten = (writer: Operation): boolean =>
      operations.some((other) => other.kind !== 'read' && other.invokedAt > (writer.completedAt ?? last))
    const values = new Set(operations.every(({ kind }) => kind === 'read') ? before : [])
    for (const writer of operations)
      if (writer.kind !== 'read' && !isOverwritten(writer)) values.add(writer.to)
    const possible: number[] = []
    for (const value of values) {
      const look: Operation = {
        process: 0,
        kind: 'read',
        from: value,
        to: NULL_CODE,
        invokedAt: last + 1,
        completedAt: last + 2,
        outcome: 'ok',
      }
      const ends = before.map((code) => this.#search([...operations, look], code))
      if (ends.includes('linearizable')) possible.push(value)
      else if (ends.some((end) => end !== 'not-linearizable')) return null
    }
    return possible
  }

  #isOffending({ operations, before }: Part): boolean {
    return before.every((code) => this.#search(operations, code) === 'not-linearizable')
  }

  #search(operations: readonly Operation[], initial: number): SearchEnd {
    if (this.#attemptsLeft-- <= 0 || this.#configurationsLeft <= 0) return 'unfinished'
    const budget: WordBudget = { wordsLeft: this.#wordsMax }
    const search = new RegisterSearch(registerProblem(operations, initial), budget)
    const end = search.run(this.#configurationsLeft)
    this.#configurationsLeft -= search.configurations
    search.abandon()
    return end
  }
}

/** Returns what happened up to a moment; what was under way then is in doubt, and a read in doubt says nothing. */
function until(operations: readonly Operation[], end: number): readonly Operation[] {
  return operations.flatMap((operation): Operation[] => {
    if (operation.invokedAt > end) return []
    if (operation.outcome !== 'ok' || (operation.completedAt ?? end) <= end) return [operation]
    return operation.kind === 'read' ? [] : [{ ...operation, outcome: 'open', completedAt: null }]
  })
}

/** The operations without the dropped ones, but with those of them whose value one that stays has found. */
function withNeeded(operations: readonly Operation[], dropped: Set<Operation>): readonly Operation[] {
  const found = new Set<number>()
  for (const operation of operations) {
    if (operation.kind !== 'write' && !dropped.has(operation)) found.add(operation.from)
  }
  let isGrowing = true
  while (isGrowing) {
    isGrowing = false
    for (const operation of dropped) {
      if (operation.kind === 'read' || !found.has(operation.to)) continue
      dropped.delete(operation)
      if (operation.kind === 'cas') found.add(operation.from)
      isGrowing = true
    }
  }
  return operations.filter((operation) => !dropped.has(operation))
}
