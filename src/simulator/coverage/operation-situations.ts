/**
 * The audit of the load: each operation of the store in each place in which it can stand. What a load never makes, no
 * checker sees; so a cell that seeds no longer come to is a change of the generator. Cells that cannot be are left out,
 * and `EXPLAINED` says why.
 */
import type { View } from '../../base/ids.ts'
import {
  nextOperation,
  OPERATION_CODES,
  type OperationCursor,
  openOperations,
} from '../../store/operations.ts'
import { readResults } from '../../store/results.ts'
import { type Member, readTransaction } from '../../store/transaction.ts'
import type { SeenExecution } from '../checkers/checker.ts'
import type { Course, Situation } from './situation.ts'

const PLACES = [
  'alone in its request',
  'beside others',
  'in a transaction',
  'in a transaction within another',
  'with a lease',
  'refused',
  'below the floor of the history',
  'ordered twice',
  'first behind a view change',
] as const
type Place = (typeof PLACES)[number]

type Kind = keyof typeof OPERATION_CODES
const KINDS = Object.keys(OPERATION_CODES) as readonly Kind[]
const KIND_OF = new Map<number, Kind>(KINDS.map((kind) => [OPERATION_CODES[kind], kind]))

/** The kinds of operations whose workload this is; what is newer has its own. */
const DRAWN: readonly Kind[] = KINDS.filter(
  (kind) => OPERATION_CODES[kind] <= OPERATION_CODES['put-with-options'],
)
const IN_TRANSACTIONS: readonly Kind[] = [
  ...(['put', 'put-with-options', 'get', 'delete'] as const),
  ...(['range', 'delete-range', 'transaction'] as const),
]
const NEVER_REFUSED: readonly Kind[] = ['list', 'leases', 'delete-range']
const OF_THE_HISTORY: readonly Kind[] = ['range', 'changes', 'compact', 'transaction']

/** The operations that cannot stand in a place, with the reason. */
export const EXPLAINED: Readonly<Partial<Record<Place, readonly [can: readonly Kind[], reason: string]>>> = {
  'in a transaction': [IN_TRANSACTIONS, 'a transaction refuses any other'],
  'in a transaction within another': [
    IN_TRANSACTIONS.filter((kind) => kind !== 'transaction'),
    'a transaction refuses any other, and the load nests them two deep; deeper ones are for test/store',
  ],
  'with a lease': [['put', 'put-with-options'], 'only a put names a lease'],
  refused: [
    DRAWN.filter((kind) => !NEVER_REFUSED.includes(kind)),
    'it has an answer in every state; sizes beyond the limits are for test/store and the attack hostile-payload',
  ],
  'below the floor of the history': [OF_THE_HISTORY, 'it names no revision'],
}

const nameOf = (kind: Kind, place: Place): string => `${kind}: ${place}`

/** The cells that a batch comes to, by their names; worked out once for each execution. */
const cellsOf = new WeakMap<SeenExecution, ReadonlySet<string>>()
/** The view in which a replica executed last. */
const viewOf = new WeakMap<Course, View>()

function cells(seen: SeenExecution, own: Course): ReadonlySet<string> {
  const known = cellsOf.get(seen)
  if (known !== undefined) return known
  const view = own.facts?.view ?? (0 as View)
  const isFirst = view > (viewOf.get(own) ?? 0)
  viewOf.set(own, view)
  const found = new Set<string>()
  for (const [index, outcome] of seen.outcomes.entries()) {
    const operations = seen.batch.requests[index]?.operations
    if (operations === undefined || outcome.recovery !== null) continue
    const places: Place[] = []
    if (outcome.standing === 'executed') places.push('ordered twice')
    if (isFirst && outcome.standing === 'new') places.push('first behind a view change')
    note(found, operations, { places, results: outcome.standing === 'new' ? outcome.results : null })
  }
  cellsOf.set(seen, found)
  return found
}

function note(
  found: Set<string>,
  operations: Uint8Array,
  { places, results }: { readonly places: readonly Place[]; readonly results: Uint8Array | null },
): void {
  const cursor = openOperations(operations)
  const framed = results === null ? null : readResults(results)
  for (let index = 0; index < (cursor?.count ?? 0) && cursor !== null; index++) {
    const fault = nextOperation(cursor)
    const kind = KIND_OF.get(cursor.code)
    if (kind === undefined) continue
    for (const place of places) found.add(nameOf(kind, place))
    if (framed === null) continue
    found.add(nameOf(kind, cursor.count === 1 ? 'alone in its request' : 'beside others'))
    if (cursor.leaseAt >= 0) found.add(nameOf(kind, 'with a lease'))
    const status = framed[index]?.status
    if (status === 'compacted') found.add(nameOf(kind, 'below the floor of the history'))
    else if (status !== 'ok') found.add(nameOf(kind, 'refused'))
    if (fault === null && kind === 'transaction') noteMembers(found, cursor)
  }
}

function noteMembers(found: Set<string>, cursor: OperationCursor): void {
  const transaction = readTransaction(cursor, cursor.keyStart, cursor.keyEnd)
  if (typeof transaction === 'string') return
  const walk = (members: readonly Member[], place: Place): void => {
    for (const member of members) {
      const kind = member.kind === 'transaction' ? 'transaction' : KIND_OF.get(member.code)
      if (kind !== undefined) found.add(nameOf(kind, place))
      if (member.kind !== 'transaction') continue
      const { success, failure } = member.transaction
      walk([...success, ...failure], 'in a transaction within another')
    }
  }
  walk([...transaction.success, ...transaction.failure], 'in a transaction')
}

/** Cells that seeds come to, but too seldom to be demanded of a range of them. */
const RARE: readonly Place[] = [
  'ordered twice',
  'first behind a view change',
  'below the floor of the history',
]
const RARE_CELLS: readonly string[] = [
  'leases: alone in its request',
  'compact: alone in its request',
  'range: refused',
  'changes: refused',
  'compact: refused',
]

const canStand = (kind: Kind, place: Place): boolean => EXPLAINED[place]?.[0].includes(kind) ?? true

export const OPERATION_SITUATIONS: readonly Situation[] = DRAWN.flatMap((kind) =>
  PLACES.filter((place) => canStand(kind, place)).map((place): Situation => {
    const name = nameOf(kind, place)
    const isRare = RARE.includes(place) || RARE_CELLS.includes(name)
    const atExecution: Situation['atExecution'] = ({ seen, own }) => cells(seen, own).has(name)
    return { name, rule: '7.16', atExecution, ...(isRare ? { rareIn: ['signed', 'oral'] } : {}) }
  }),
)

const isClockBatch = ({ batch }: SeenExecution): boolean => batch.time > 0 && batch.requests.length === 0

export const LEASE_SITUATIONS: readonly Situation[] = [
  {
    name: 'a clock batch ends leases',
    rule: '1.9',
    atExecution: ({ seen }) => isClockBatch(seen),
  },
  {
    name: 'a lease is overdue by more than the skew',
    rule: '1.9',
    rareIn: ['signed', 'oral'],
    atStep: ({ seen }) => seen.state.leases.overdueTick !== null,
  },
  {
    name: 'a view ends because a lease is overdue',
    rule: '1.9',
    rareIn: ['signed', 'oral'],
    atStep: ({ seen, before, after }) =>
      seen.event.kind === 'ticked' &&
      before.isActive &&
      !after.isActive &&
      after.stalledSince === null &&
      seen.state.leases.overdueTick !== null,
  },
]
