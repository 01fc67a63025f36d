/** Situations of principals and their rights: what is denied, who acts for whom, and rights that change under the load. */
import type { View } from '../../base/ids.ts'
import type { RequestOutcome } from '../../base/request-outcome.ts'
import { nextOperation, OPERATION_CODES, openOperations } from '../../store/operations.ts'
import { readResults } from '../../store/results.ts'
import type { SeenExecution } from '../checkers/checker.ts'
import type { Course, ExecutionMoment, Situation } from './situation.ts'

/** An operation that was executed, or denied. */
interface Done {
  readonly outcome: RequestOutcome
  readonly code: number
  readonly status: string
  readonly isActing: boolean
  /** True if operations are judged, as far as the replica's executions say. */
  readonly isJudged: boolean
  /** True if operations are judged after it and were not before, or the other way round. */
  readonly isSwitch: boolean
}

/** The operations of a batch, and true if the replica executed nothing since it came to its view. */
interface DoneBatch {
  readonly done: readonly Done[]
  readonly isFirstInView: boolean
}

/** The facts of a replica that its executions show. */
interface Known {
  readonly incarnation: number
  view: View
  isOn: boolean
}

const known = new WeakMap<Course, Known>()
const batches = new WeakMap<SeenExecution, DoneBatch>()

/** Returns what a batch did; worked out once for each execution. */
function batchOf({ seen, own }: ExecutionMoment): DoneBatch {
  const before = batches.get(seen)
  if (before !== undefined) return before
  const view = own.facts?.view ?? (0 as View)
  let its = known.get(own)
  const isFirstInView = view > (its?.view ?? 0)
  // After a restart or a transfer, nobody said yet if operations are judged.
  if (its === undefined || seen.isRestored || its.incarnation !== seen.incarnation)
    its = { incarnation: seen.incarnation, view, isOn: false }
  its.view = view
  known.set(own, its)
  const found = { done: doneIn(seen, its), isFirstInView }
  batches.set(seen, found)
  return found
}

function doneIn({ batch, outcomes }: SeenExecution, its: Known): readonly Done[] {
  const done: Done[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const operations = batch.requests[index]?.operations
    if (outcome.standing !== 'new' || outcome.recovery !== null || operations === undefined) continue
    const cursor = openOperations(operations)
    const framed = readResults(outcome.results ?? new Uint8Array(0))
    if (cursor === null || framed?.length !== cursor.count) continue
    for (const { status } of framed) {
      nextOperation(cursor)
      const { code, actAsAt, bytes, keyStart } = cursor
      const isJudged = its.isOn
      if (code === OPERATION_CODES['access-switch'] && status === 'ok') its.isOn = bytes[keyStart] === 1
      const isSwitch = isJudged !== its.isOn
      done.push({ outcome, code, status, isActing: actAsAt >= 0, isJudged, isSwitch })
    }
  }
  return done
}

const isRevocation = ({ code, status }: Done): boolean =>
  status === 'ok' && (code === OPERATION_CODES['access-revoke'] || code === OPERATION_CODES['access-remove'])

/** True if a batch has another request behind the one that switched. */
const isSwitchedBetween = (done: readonly Done[]): boolean =>
  done.some(({ isSwitch, outcome }) => isSwitch && done.at(-1)?.outcome !== outcome)

const of = (name: string, is: (batch: DoneBatch) => boolean): Situation => ({
  name,
  rule: '1.6',
  atExecution: (moment) => is(batchOf(moment)),
})

const rare = (situation: Situation): Situation => ({ ...situation, rareIn: ['signed', 'oral'] })

const some = (name: string, is: (done: Done) => boolean): Situation => of(name, ({ done }) => done.some(is))

export const ACCESS_SITUATIONS: readonly Situation[] = [
  some('an operation is denied', ({ status }) => status === 'denied'),
  some(
    'a transaction is denied',
    ({ code, status }) => code === OPERATION_CODES.transaction && status === 'denied',
  ),
  some('an operation is judged and allowed', ({ isJudged, status }) => isJudged && status === 'ok'),
  some(
    'an operation is executed for another principal',
    ({ isJudged, isActing, status }) => isJudged && isActing && status === 'ok',
  ),
  some(
    'an operation for another principal is denied',
    ({ isActing, status }) => isActing && status === 'denied',
  ),
  some('a right is revoked', isRevocation),
  of('the judgement is switched between two requests of a batch', ({ done }) => isSwitchedBetween(done)),
  rare(
    of(
      'a right is revoked in the first batch behind a view change',
      ({ done, isFirstInView }) => isFirstInView && done.some(isRevocation),
    ),
  ),
]
