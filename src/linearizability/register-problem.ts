/** One key's operations as arrays of numbers, without those that no answer depends on. */
import type { Operation } from './history.ts'

export const READ = 0
export const WRITE = 1
export const CAS = 2

/** The position of what never came. */
export const NEVER = 0x7fff_ffff

/**
 * Operations 0 .. certain - 1 happened and must be ordered, in the order of their invocations; those from `certain` to
 * `total` - 1 are in doubt and may be left out. Values are numbered from 0; -1 stands where there is none.
 */
export interface RegisterProblem {
  readonly certain: number
  readonly total: number
  readonly kinds: Uint8Array
  readonly from: Int32Array
  readonly to: Int32Array
  readonly invokedAt: Int32Array
  readonly completedAt: Int32Array
  readonly initial: number
  /** By value: certain operations that must find it. */
  readonly mustFind: Int32Array
  /** By value: all operations that could find it. */
  readonly mayFind: Int32Array
  /** By value: all operations that could leave it. */
  readonly mayLeave: Int32Array
}

/** `initial` is the code of what the register holds before all of the operations. */
export function registerProblem(operations: readonly Operation[], initial: number): RegisterProblem {
  const certain = operations.filter(({ outcome }) => outcome === 'ok')
  const doubtful = usefulDoubts(
    certain,
    operations.filter(({ kind, outcome }) => kind !== 'read' && (outcome === 'info' || outcome === 'open')),
  )
  const all = doubtful.length === 0 ? certain : [...certain, ...doubtful]
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
    initial: numberOf(initial),
    ...counts,
  }
}

/**
 * The operations in doubt whose effect somebody may have met. One whose value nobody found can be taken out of any
 * order that explains the answers: until the next write there is only what does not look.
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
