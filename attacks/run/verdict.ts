/** The verdict on a run of processes: what was not as it has to be. */
import type { AnyAttack } from '../attack.ts'
import type { Finished } from '../load/workload.ts'
import type { Facts } from './facts.ts'

export interface Ended {
  readonly attack: Pick<AnyAttack, 'judge'>
  readonly facts: Facts
  readonly finished: Pick<Finished, 'faults'>
  /** Operations of correct clients without an answer within the bound, and those that could not be sent. */
  readonly doubtful: number
  readonly neverSent: number
  /** Sequence numbers at which the batches of several correct replicas were compared. */
  readonly compared: number
  /** What the checks of the disks, of the counted writes and of the processes found. */
  readonly broken: readonly string[]
}

/** Empty when the store held and did what was expected. Safety first. */
export function faultsOf(ended: Ended): readonly string[] {
  const { attack, facts, finished, doubtful, neverSent, compared, broken } = ended
  const { acts, guilty, traitors, measured } = facts
  const innocent = guilty.filter((id) => !traitors.includes(id))
  const faults = [...broken, ...finished.faults]
  if (compared === 0)
    faults.push('no batch stands on the disks of two correct replicas: nothing was compared')
  for (const id of innocent) faults.push(`there is evidence against replica ${id}, which is correct`)
  if (doubtful > 0) faults.push(`${doubtful} operations of correct clients were never answered`)
  if (neverSent > 0) faults.push(`${neverSent} operations of correct clients could not be sent`)
  if (measured?.settledMs === null) faults.push('the correct replicas did not become level after the attack')
  if (acts === 0) faults.push('the adversaries never acted')
  return [...faults, ...(attack.judge?.(facts) ?? [])]
}
