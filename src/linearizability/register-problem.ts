/** One key's operations as arrays of numbers. Operations that no answer depends on are left out. */
import type { Operation } from './history.ts'

export const READ = 0
export const WRITE = 1
export const CAS = 2

/** The position of an event that never happened. */
export const NEVER = 0x7fff_ffff

/**
 * Operations 0 .. certain - 1 happened and must be ordered; they stand in the order of their invocations. Operations
 * `certain` .. `total` - 1 are in doubt and may be left out; those of one class stand together, in the order of their
 * invocations. Values are numbered from 0; -1 means no value.
 */
export interface RegisterProblem {
  readonly certain: number
  readonly total: number
  readonly kinds: Uint8Array
  readonly from: Int32Array
  readonly to: Int32Array
  readonly invokedAt: Int32Array
  readonly completedAt: Int32Array
  /**
   * By operation: its class, or -1 for a read. Operations of one class have the same kind, find the same value and
   * leave the same value.
   */
  readonly classOf: Int32Array
  readonly classes: number
  /**
   * By class with operations in doubt (these classes come first): the index of its first operation in doubt. One more
   * entry holds the end of the last class.
   */
  readonly doubtStart: Int32Array
  readonly initial: number
  /** By value: the number of certain operations that must find it. */
  readonly mustFind: Int32Array
  /** By value: the number of operations that could find it. */
  readonly mayFind: Int32Array
  /** By value: the number of operations that could leave it. */
  readonly mayLeave: Int32Array
}

/**
 * Returns the problem of these operations. `initial` is the code of the register's value before all of these
 * operations.
 */
export function registerProblem(operations: readonly Operation[], initial: number): RegisterProblem {
  const certain = operations.filter(({ outcome }) => outcome === 'ok')
  const doubtful = usefulDoubts(
    certain,
    operations.filter(({ kind, outcome }) => kind !== 'read' && (outcome === 'info' || outcome === 'open')),
  )
  const { all, classOf, classes, doubtStart } = classified(certain, doubtful)
  const numbers = new Map<number, number>([[initial, 0]])
  const numberOf = (code: number): number => {
    const known = numbers.get(code)
    if (known !== undefined) return known
    numbers.set(code, numbers.size)
    return numbers.size - 1
  }
  const total = all.length
  const kinds = new Uint8Array(total)
  const from = new Int32Array(total).fill(-1)
  const to = new Int32Array(total).fill(-1)
  const invokedAt = new Int32Array(total)
  const completedAt = new Int32Array(total).fill(NEVER)
  for (const [index, operation] of all.entries()) {
    const { kind } = operation
    kinds[index] = kind === 'read' ? READ : kind === 'write' ? WRITE : CAS
    if (kind !== 'write') from[index] = numberOf(operation.from)
    if (kind !== 'read') to[index] = numberOf(operation.to)
    invokedAt[index] = operation.invokedAt
    if (index < certain.length) completedAt[index] = operation.completedAt ?? NEVER
  }
  const counts = countUses(numbers.size, certain.length, from, to)
  return {
    certain: certain.length,
    total,
    kinds,
    from,
    to,
    invokedAt,
    completedAt,
    classOf,
    classes,
    doubtStart,
    initial: numberOf(initial),
    ...counts,
  }
}

type Classified = Pick<RegisterProblem, 'classOf' | 'classes' | 'doubtStart'> & {
  readonly all: readonly Operation[]
}

/** Returns all operations, those in doubt grouped by class, with the class number of each. */
function classified(certain: readonly Operation[], doubtful: readonly Operation[]): Classified {
  const numbers = new Map<number, number>()
  const classOf = (operation: Operation): number => {
    if (operation.kind === 'read') return -1
    const name = className(operation)
    const known = numbers.get(name)
    if (known !== undefined) return known
    numbers.set(name, numbers.size)
    return numbers.size - 1
  }
  const byClass: Operation[][] = []
  for (const operation of doubtful) {
    const number = classOf(operation)
    const itsClass = byClass[number]
    if (itsClass === undefined) byClass[number] = [operation]
    else itsClass.push(operation)
  }
  const doubtStart = new Int32Array(byClass.length + 1).fill(certain.length)
  for (const [number, { length }] of byClass.entries()) {
    doubtStart[number + 1] = (doubtStart[number] as number) + length
  }
  const all = [...certain, ...byClass.flat()]
  return { all, classOf: Int32Array.from(all, classOf), classes: numbers.size, doubtStart }
}

/** All codes of values are below this limit, because there are fewer values than events. */
const CODES_MAX = 2 ** 26

/** Returns a number that two writes or cas share if and only if they are of one class. */
const className = ({ kind, from, to }: Operation): number =>
  (kind === 'write' ? 0 : from + 1) * CODES_MAX + to

/**
 * Returns the operations in doubt whose effect may have been observed. An operation whose value nobody found can be
 * removed from any order that explains the answers: no operation between it and the next write reads the register.
 */
function usefulDoubts(certain: readonly Operation[], doubtful: readonly Operation[]): readonly Operation[] {
  if (doubtful.length === 0) return doubtful
  const found = new Set<number>()
  for (const { kind, from } of certain) if (kind !== 'write') found.add(from)
  const useful = new Set<Operation>()
  let before: number
  do {
    before = useful.size
    for (const operation of doubtful) {
      const isIdle = operation.kind === 'cas' && operation.from === operation.to
      if (isIdle || useful.has(operation) || !found.has(operation.to)) continue
      useful.add(operation)
      if (operation.kind === 'cas') found.add(operation.from)
    }
  } while (useful.size > before)
  return doubtful.filter((operation) => useful.has(operation))
}

function countUses(
  values: number,
  certain: number,
  from: Int32Array,
  to: Int32Array,
): Pick<RegisterProblem, 'mustFind' | 'mayFind' | 'mayLeave'> {
  const mustFind = new Int32Array(values)
  const mayFind = new Int32Array(values)
  const mayLeave = new Int32Array(values)
  for (let index = 0; index < from.length; index++) {
    const found = from[index] as number
    const left = to[index] as number
    if (found >= 0) {
      mayFind[found] = (mayFind[found] as number) + 1
      if (index < certain) mustFind[found] = (mustFind[found] as number) + 1
    }
    if (left >= 0) mayLeave[left] = (mayLeave[left] as number) + 1
  }
  return { mustFind, mayFind, mayLeave }
}
