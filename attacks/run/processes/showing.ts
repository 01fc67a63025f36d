/** The end of an attack on processes: it goes on until what it waits for has come, however slow the machine is. */
import type { Attack } from '../../language/attack.ts'
import type { Facts } from '../run-facts.ts'

/** The outcome of an attack so far. */
export interface Shown {
  /** The number of times that the adversaries acted. */
  readonly acts: number
  readonly told?: Facts['told']
  /** True if the process of the hostile client is gone: nothing more comes of it. */
  readonly hasClientEnded: boolean
  /** Views that correct replicas left since it began. */
  readonly viewChanges: number
  /** Batches that every correct replica has executed since it began. */
  readonly executed: number
}

/** Returns true if everything that an attack waits for has come. */
export function hasShown(
  { client, environment }: Pick<Attack, 'client' | 'environment'>,
  shown: Shown,
): boolean {
  if (shown.hasClientEnded) return true
  const { untilExecuted = 0, untilViewChanges = 0 } = environment ?? {}
  const wasAnswered = (client?.awaits ?? []).every((answer) => shown.told?.has(answer) === true)
  return (
    shown.acts > 0 && wasAnswered && shown.viewChanges >= untilViewChanges && shown.executed >= untilExecuted
  )
}
