/** The evidence of a run of processes: the disks, the clients' histories, and the figures of each process. */
import type { AnyAttack } from '../../language/attack.ts'
import { controlOf, type Evidence } from '../judge.ts'
import type { Facts } from '../run-facts.ts'
import { delayMsMax } from '../turn-allowance.ts'

/** The maximum growth of a correct replica's memory since the first sample, in bytes. */
const GROWTH_BYTES_MAX = 512 * 1024 * 1024

export interface Ended {
  readonly attack: AnyAttack
  readonly facts: Facts
  /** The points on which correct replicas disagree. */
  readonly disagreements: readonly string[]
  /** The number of sequence numbers at which batches of several correct replicas were compared. */
  readonly compared: number
  /** The faults in the clients' histories and the counted writes. */
  readonly wrongAnswers: readonly string[]
  /** The operations of correct clients without an answer within the bound, and those that could not be sent. */
  readonly doubtful: number
  readonly neverSent: number
  /** The findings of other checks: of the processes, of the disks, of the attack itself. */
  readonly broken: readonly string[]
}

export function processEvidence(ended: Ended): Evidence {
  const { attack, facts, disagreements, wrongAnswers, doubtful, neverSent, compared, broken } = ended
  // An operation also ends without an answer if f + 1 replicas agree on a malformed result.
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
          ? ['no batch is on the disks of two correct replicas, so nothing was compared']
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

/** Returns the exceeded limits of correct replicas, as sentences. */
function excesses({ measured }: Facts): readonly string[] {
  if (measured === undefined) return []
  const { caughtUpMs, memory } = measured
  const grown = memory.filter(({ firstBytes, peakBytes }) => peakBytes - firstBytes > GROWTH_BYTES_MAX)
  return [
    ...(caughtUpMs === null ? ['the correct replicas did not all catch up after the attack'] : []),
    ...grown.map(
      ({ replica, firstBytes, peakBytes }) =>
        `replica ${replica} grew from ${firstBytes} to ${peakBytes} bytes of memory`,
    ),
  ]
}

/**
 * Returns a sentence if the event loop of a correct replica was blocked for too long, which a busy machine can also
 * cause.
 */
function heldTooLong({ measured }: Facts): readonly string[] {
  if (measured === undefined) return []
  const { delayMs, turnMs } = measured
  if (delayMs <= delayMsMax(turnMs)) return []
  const most = `${delayMsMax(turnMs)} ms are allowed where the checks of a turn take ${turnMs} ms`
  return [`the event loop of a correct replica was blocked for ${delayMs} ms; ${most}`]
}
