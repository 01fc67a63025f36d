/**
 * The smallest part of a key's history that is still not linearizable.
 *
 * Not every part proves a violation: without a write, the reads of its value look wrong. Three things may be removed.
 * The first is the end of the history; operations that were under way then become in doubt. The second is a read. The
 * third is a write or cas whose value no remaining operation has found: an order that explains the rest with it also
 * explains the rest without it. If the remaining part cannot be explained, then the whole cannot either. The operations
 * before a moment at which nothing was under way may also be replaced by the values that are possible at that moment.
 */
import type { WordBudget } from './configuration-set.ts'
import type { History, Operation, OperationKind, OperationOutcome } from './history.ts'
import { registerProblem } from './register-problem.ts'
import { RegisterSearch, type SearchEnd } from './register-search.ts'
import { type JsonValue, NULL_CODE } from './value-codes.ts'

export interface OffendingOperation {
  readonly process: number
  readonly kind: OperationKind
  /** A read's result, a write's value, or a cas's [old, new]. */
  readonly value: JsonValue
  readonly invokedAt: number
  /** Null if it was under way at the end of the part, or if its outcome is unknown. */
  readonly completedAt: number | null
  readonly outcome: OperationOutcome
}

export interface Offence {
  readonly key: string
  /** The number of operations of the key in the whole history. */
  readonly operationsOfKey: number
  /** The values that the register may hold before the operations. */
  readonly before: readonly JsonValue[]
  /** The operations whose answers no order explains, in the order of their invocations. */
  readonly operations: readonly OffendingOperation[]
}

/** Above this number of operations, the first operations are replaced by the values that they left. */
const TELLING_MAX = 8
/** The limit of searches made in order to shrink an offence. */
const ATTEMPTS_MAX = 20_000

interface Limits {
  readonly configurationsMax: number
  readonly wordsMax: number
}

/** Returns a smallest offence of a key that is not linearizable. */
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
  /** Codes of the values that the register may hold before the operations. */
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

  /** Returns the shortest prefix that is not linearizable. */
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

  /** Returns the part without the operations that can be left out, trying large pieces first. */
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

  /**
   * Replaces the first operations by the values that they leave: as many operations as possible, while enough remain
   * for the reader.
   */
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

  /**
   * Returns the values that the register may hold after operations that have all ended; null if a limit was reached
   * first.
   */
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

/**
 * Returns the operations up to a moment. Those under way at that moment become in doubt; reads in doubt are left out.
 */
function until(operations: readonly Operation[], end: number): readonly Operation[] {
  return operations.flatMap((operation): Operation[] => {
    if (operation.invokedAt > end) return []
    if (operation.outcome !== 'ok' || (operation.completedAt ?? end) <= end) return [operation]
    return operation.kind === 'read' ? [] : [{ ...operation, outcome: 'open', completedAt: null }]
  })
}

/**
 * Returns the operations without the dropped ones, but keeps a dropped operation whose value a remaining operation has
 * found.
 */
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
