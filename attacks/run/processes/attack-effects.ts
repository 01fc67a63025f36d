/**
 * The end of an attack on processes: it continues until the expected effects have occurred, even on a slow machine.
 */
import type { Attack } from '../../language/attack.ts'
import type { Facts } from '../run-facts.ts'

/** The effects of an attack so far. */
export interface AttackEffects {
  /** The number of times that the adversaries acted. */
  readonly acts: number
  readonly told?: Facts['told']
  /** True if the process of the hostile client is gone. */
  readonly hasClientEnded: boolean
  /** The number of views that correct replicas left since it began. */
  readonly viewChanges: number
  /** The number of batches that every correct replica has executed since it began. */
  readonly executed: number
}

/** Returns true if all expected effects of an attack have occurred. */
export function hasTakenEffect(
  { client, environment }: Pick<Attack, 'client' | 'environment'>,
  shown: AttackEffects,
): boolean {
  if (shown.hasClientEnded) return true
  const { untilExecuted = 0, untilViewChanges = 0 } = environment ?? {}
  const wasAnswered = (client?.awaits ?? []).every((answer) => shown.told?.has(answer) === true)
  return (
    shown.acts > 0 && wasAnswered && shown.viewChanges >= untilViewChanges && shown.executed >= untilExecuted
  )
}
