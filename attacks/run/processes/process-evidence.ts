/** The evidence that a run of processes leaves: on disks, in the clients' histories, in the figures of each process. */
import type { AnyAttack } from '../../language/attack.ts'
import { controlOf, type Evidence } from '../judge.ts'
import type { Facts } from '../run-facts.ts'
import { delayMsMax } from '../turn-allowance.ts'

/** Bytes that a correct replica may have grown by at its peak since it was first looked at. */
const GROWTH_BYTES_MAX = 512 * 1024 * 1024

export interface Ended {
  readonly attack: AnyAttack
  readonly facts: Facts
  /** The points on which correct replicas disagree. */
  readonly disagreements: readonly string[]
  /** Sequence numbers at which the batches of several correct replicas were compared. */
  readonly compared: number
  /** Faults that the clients' histories and the counted writes show. */
  readonly wrongAnswers: readonly string[]
  /** Operations of correct clients without an answer within the bound, and those that could not be sent. */
  readonly doubtful: number
  readonly neverSent: number
  /** Findings of other checks: of the processes, of the disks, of the attack itself. */
  readonly broken: readonly string[]
}

export function processEvidence(ended: Ended): Evidence {
  const { attack, facts, disagreements, wrongAnswers, doubtful, neverSent, compared, broken } = ended
  // Results that f + 1 vouch for and that make no sense end an operation without an answer.
  const unanswered = doubtful > 0 ? [`${doubtful} operations of correct clients were never answered`] : []
  return {
    facts,
    control: controlOf(attack, facts),
    convicted: facts.guilty,
    breaches: {
      agreement: disagreements,
      answers: [...wrongAnswers, ...unanswered],
      others: [
        ...broken,
        ...(compared === 0
          ? ['no batch stands on the disks of two correct replicas: nothing was compared']
          : []),
        ...(neverSent > 0 ? [`${neverSent} operations of correct clients could not be sent`] : []),
        ...excesses(facts),
      ],
    },
    silence: {
      longestMs: facts.measured?.gapMs ?? 0,
      isOver: (facts.measured?.after.done ?? 0) > 0,
    },
    unexpected: (weighed) => attack.judge?.(weighed) ?? [],
    missed: heldTooLong(facts),
  }
}

/** Returns what was measured and is more than a correct replica may take, as sentences. */
function excesses({ measured }: Facts): readonly string[] {
  if (measured === undefined) return []
  const { caughtUpMs, memory } = measured
  const grown = memory.filter(({ firstBytes, peakBytes }) => peakBytes - firstBytes > GROWTH_BYTES_MAX)
  return [
    ...(caughtUpMs === null ? ['the correct replicas did not become level after the attack'] : []),
    ...grown.map(
      ({ replica, firstBytes, peakBytes }) =>
        `replica ${replica} grew from ${firstBytes} to ${peakBytes} bytes of memory`,
    ),
  ]
}

/** Returns a sentence when the loop of a correct replica was held for too long; a busy machine holds it too. */
function heldTooLong({ measured }: Facts): readonly string[] {
  if (measured === undefined) return []
  const { delayMs, turnMs } = measured
  if (delayMs <= delayMsMax(turnMs)) return []
  const most = `${delayMsMax(turnMs)} ms are allowed where the checks of a turn take ${turnMs} ms`
  return [`the loop of a correct replica was held for ${delayMs} ms; ${most}`]
}
