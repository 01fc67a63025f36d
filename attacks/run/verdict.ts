/** The verdict on a run of processes: what was not as it has to be. */
import type { Control, Judge } from '../language/attack.ts'
import type { Finished } from './load/workload.ts'
import type { Facts } from './run-facts.ts'
import { heldMsMax } from './turn-allowance.ts'

export interface Ended {
  readonly judge?: Judge | undefined
  /** Of a control with more traitors than the store tolerates: what has to break. */
  readonly control?: Control | undefined
  readonly facts: Facts
  readonly finished: Pick<Finished, 'faults'>
  /** Operations of correct clients without an answer within the bound, and those that could not be sent. */
  readonly doubtful: number
  readonly neverSent: number
  /** Sequence numbers at which the batches of several correct replicas were compared. */
  readonly compared: number
  /** The points on which correct replicas disagree. */
  readonly disagreements: readonly string[]
  /** Findings of other checks: of the counted writes, of the processes, of the attack itself. */
  readonly broken: readonly string[]
}

/** A silence of correct clients that counts as a stop, in milliseconds: f + 1 replicas are silent for longer. */
const STOPPED_MS = 500

/** Bytes that a correct replica may have grown by at its peak since it was first looked at. */
const GROWTH_BYTES_MAX = 512 * 1024 * 1024

/** Empty when the store held and did what was expected. Safety first. */
export function faultsOf(ended: Ended): readonly string[] {
  const breaks = ended.control?.breaks
  if (breaks === 'agreement' || breaks === 'answers') return [...unacted(ended), ...unbroken(ended)]
  const { facts, finished, doubtful, neverSent, compared, disagreements, broken } = ended
  const innocent = facts.guilty.filter((id) => !facts.traitors.includes(id))
  const faults = [...disagreements, ...broken, ...finished.faults]
  if (compared === 0)
    faults.push('no batch stands on the disks of two correct replicas: nothing was compared')
  for (const id of innocent) faults.push(`there is evidence against replica ${id}, which is correct`)
  for (const id of facts.cutOff.filter((each) => !facts.traitors.includes(each))) {
    faults.push(`replica ${id} was cut off, which is correct`)
  }
  if (doubtful > 0) faults.push(`${doubtful} operations of correct clients were never answered`)
  if (neverSent > 0) faults.push(`${neverSent} operations of correct clients could not be sent`)
  if (facts.measured?.settledMs === null) {
    faults.push('the correct replicas did not become level after the attack')
  }
  for (const { replica, firstBytes, peakBytes } of facts.measured?.memory ?? []) {
    if (peakBytes - firstBytes > GROWTH_BYTES_MAX) {
      faults.push(`replica ${replica} grew from ${firstBytes} to ${peakBytes} bytes of memory`)
    }
  }
  const { heldMs, turnMs } = facts.measured ?? { heldMs: 0, turnMs: 0 }
  if (heldMs > heldMsMax(turnMs)) {
    const most = `${heldMsMax(turnMs)} ms are allowed where the checks of a turn take ${turnMs} ms`
    faults.push(`the loop of a correct replica was held for ${heldMs} ms; ${most}`)
  }
  faults.push(...unacted(ended))
  if (breaks !== 'progress') return [...faults, ...(ended.judge?.(facts) ?? [])]
  return (facts.measured?.gapMs ?? 0) >= STOPPED_MS ? faults : [...faults, 'progress did not stop']
}

const unacted = ({ facts }: Ended): readonly string[] =>
  facts.acts === 0 ? ['the adversaries never acted'] : []

/** A control shows that the checks can see: what it breaks has to be found broken. */
function unbroken(ended: Ended): readonly string[] {
  const { control, facts, disagreements, finished, broken, doubtful } = ended
  const areNamed = control?.namesTraitors === true && facts.auth === 'signed'
  const unnamed = areNamed ? facts.traitors.filter((id) => !facts.guilty.includes(id)) : []
  const hidden = unnamed.map((id) => `no signatures give replica ${id} away`)
  if (control?.breaks === 'agreement') {
    if (disagreements.length === 0) return ['agreement did not break']
    return hidden
  }
  // Results that f + 1 vouch for and that make no sense end an operation without an answer.
  const believed = finished.faults.length + broken.length + doubtful
  return believed > 0 ? hidden : ['no client believed the liars']
}
