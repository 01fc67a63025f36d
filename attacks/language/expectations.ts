/** Judges: small ones, and what puts them together. Each says in sentences what was not as expected. */
import type { RejectionReason } from '../../src/messages/rejection.ts'
import {
  BAD_WINDOWS_MIN,
  WAITING_FACTOR_MAX,
  WAITING_SLACK_TICKS,
  WINDOW_SAMPLES_MIN,
  WINDOW_TICKS_MIN,
} from '../../src/pbft/parameters.ts'
import { TICK_MS } from '../../src/runtime/tick.ts'
import { WITNESSED_EVERY } from '../../src/session/session.ts'
import { calmMean } from '../run/calm-mean.ts'
import type { Facts } from '../run/run-facts.ts'
import type { Observed } from '../run/simulated/observed.ts'
import type { Judge } from './attack.ts'
import type { AnswerKind } from './client-behaviour.ts'

/** All of them have to be content. */
export const all =
  <F>(...judges: readonly Judge<F>[]): Judge<F> =>
  (facts) =>
    judges.flatMap((judge) => judge(facts))

/** Content when this holds. */
export const holds =
  <F>(isSo: (facts: F) => boolean, complaint: (facts: F) => string): Judge<F> =>
  (facts) =>
    isSo(facts) ? [] : [complaint(facts)]

/** A figure: it says nothing where figures are advisory. */
export const figure =
  <F extends Facts>(judge: Judge<F>): Judge<F> =>
  (facts) =>
    facts.figures === 'advisory' ? [] : judge(facts)

/** The least is what the attack must bring about. The most is a figure: replicas without a processor seem to be silent. */
export function viewChanges(least: number, most: number | ((facts: Facts) => number) = least): Judge {
  const complaint = (facts: Facts): string => `there were ${facts.viewChanges} view changes`
  const mostOf = (facts: Facts): number => (typeof most === 'number' ? most : most(facts))
  return all(
    holds((facts) => facts.viewChanges >= least, complaint),
    figure(holds((facts) => facts.viewChanges <= mostOf(facts), complaint)),
  )
}

export const noViewChange: Judge = viewChanges(0)

/** Reasons of refusals in signed mode, with those that stand for them in oral mode. */
const ORAL_REASONS: ReadonlyMap<RejectionReason, RejectionReason> = new Map([
  ['bad-signature', 'bad-mac'],
  ['signed-as-another-kind', 'bad-mac'],
  ['sender-is-not-the-signer', 'sender-is-not-the-link'],
])

/** Correct replicas refused something for one of these reasons, or for what oral mode has in their place. */
export const refused = (...reasons: readonly RejectionReason[]): Judge =>
  holds(
    ({ rejected, auth }) => {
      const oral = auth === 'signed' ? [] : reasons.flatMap((reason) => ORAL_REASONS.get(reason) ?? [])
      return [...reasons, ...oral].some((reason) => (rejected.get(reason) ?? 0) > 0)
    },
    () => `nothing was refused as ${reasons.join(' or ')}`,
  )

/** Correct replicas told the hostile client each of these. */
export const told = (...answers: readonly AnswerKind[]): Judge =>
  all(
    ...answers.map((answer) =>
      holds<Facts>(
        (facts) => (facts.told?.get(answer) ?? 0) > 0,
        () => (answer === 'reply' ? 'the client was never answered' : `the client was never told ${answer}`),
      ),
    ),
  )

/** A correct replica holds what proves each traitor's guilt; where there are no signatures, nothing proves anything. */
export const evidence: Judge = ({ guilty, traitors, auth }) =>
  auth === 'oral'
    ? guilty.map((id) => `replica ${id} is called guilty, which nobody can prove without signatures`)
    : traitors.filter((id) => !guilty.includes(id)).map((id) => `there is no evidence against replica ${id}`)

/** The view of a liar ends, once, on the evidence; where nothing proves a lie, it may last as long as batches are decided. */
export const oneViewChangeOnEvidence: Judge = (facts) => viewChanges(facts.auth === 'oral' ? 0 : 1, 1)(facts)

/** Correct replicas took nothing more from each traitor for a while. */
export const cutOff: Judge = ({ cutOff, traitors }) =>
  traitors.filter((id) => !cutOff.includes(id)).map((id) => `replica ${id} was not cut off`)

/** No correct replica suspected another one; f of them at most where a machine is busy. A figure. */
export const nobodySuspected: Judge = figure(({ f, traitors, measured }) => {
  const wrong = (measured?.suspicions ?? []).filter(({ looks, rightLooks }) => looks > rightLooks)
  const suspects = [...new Set(wrong.map(({ of }) => of))].filter((id) => !traitors.includes(id))
  return suspects
    .filter((suspect) => new Set(wrong.filter(({ of }) => of === suspect).map(({ by }) => by)).size > f)
    .map((id) => `replica ${id} was suspected, which is correct`)
})

/** In the simulator: only traitors were ever suspected. */
export const onlyTraitorsSuspected: Judge<Observed> = ({ suspected, traitors }) =>
  suspected
    .filter((id) => !traitors.includes(id))
    .map((id) => `replica ${id} was suspected, which is correct`)

/** The cluster answers nobody for so many milliseconds at most while somebody waits. */
export const outageAtMost = (milliseconds: number): Judge<Observed> =>
  holds(
    ({ outageMs }) => outageMs <= milliseconds,
    ({ outageMs }) => `nobody was answered for ${Math.round(outageMs)} ms`,
  )

/** Nobody waited longer than this for an answer, in milliseconds. */
export const latencyAtMost = (milliseconds: number): Judge<Observed> =>
  holds(
    ({ slowestMs }) => Math.max(...slowestMs) <= milliseconds,
    ({ slowestMs }) => `the slowest answers took ${slowestMs.map(Math.round).join(', ')} ms`,
  )

/** Checkpoints went on to become stable, as far as the last one that was due. */
export const windowMoved: Judge<Observed> = holds(
  ({ checkpoints, batches, checkpointInterval }) =>
    checkpoints >= Math.floor(batches / checkpointInterval) - 1,
  ({ checkpoints, batches }) => `only ${checkpoints} checkpoints are stable after ${batches} batches`,
)

/** Timeouts that had grown are back where they began. */
export const timeoutsShrank: Judge<Observed> = holds(
  ({ timeoutTicks: { first, last } }) => last <= first,
  ({ timeoutTicks: { last, most } }) => `timeouts grew to ${most} ticks and are still ${last}`,
)

/** A replica that was behind fetched the state, or part of it until it had come as far by itself. */
export const transferBegan: Judge<Observed> = holds(
  ({ transfers }) => transfers.begun > 0,
  () => 'no replica fetched the state',
)

/** Every correct replica that refused anything of what clients sent refused it for the same reasons. */
export const sameRefusals: Judge<Observed> = ({ refusedOfClients }) => {
  const reasons = [...refusedOfClients.values()].map((each) => [...each].sort().join(', '))
  return new Set(reasons).size <= 1 && reasons.length > 0
    ? []
    : [`correct replicas refused for different reasons, or for none: ${reasons.join('; ')}`]
}

/** No correct replica was suspected of silence by another one, called guilty or convicted. */
export const nobodyFramed: Judge<Observed> = ({ suspected, blamed, convicted, traitors }) =>
  [...new Set([...suspected, ...blamed, ...convicted])]
    .filter((id) => !traitors.includes(id))
    .map((id) => `replica ${id}, which is correct, is suspected or blamed`)

/** Of the throughput without the attack, what is left of it under attack, and since the last view change. */
interface Shares {
  readonly during: number
  /** Null where there was no view change. */
  readonly settled: number | null
}

function sharesOf(facts: Facts | Observed): Shares | null {
  const { measured } = facts
  const { before, during, settled } =
    measured !== undefined
      ? {
          before: calmMean(measured, (figures) => figures.opsPerSecond),
          during: measured.during.opsPerSecond,
          settled: measured.settled?.opsPerSecond ?? null,
        }
      : (facts as Observed).answersPerSecond
  if (before === 0) return null
  return { during: during / before, settled: settled === null ? null : settled / before }
}

/** Reports what the attack takes from the throughput, as a sentence with its figures. */
export function reportLoss(facts: Facts | Observed): readonly string[] {
  const shares = sharesOf(facts)
  if (shares === null) return []
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  const since =
    shares.settled === null ? '' : `, and gets ${percent(shares.settled)} since the last view change`
  return [`the load loses ${percent(1 - shares.during)} of its throughput under attack${since}`]
}

/** At least this share of the throughput without the attack since the primary was replaced, where it was. A figure. */
export const settledAtLeast = (share: number): Judge<Facts | Observed> =>
  figure(
    holds(
      (facts) => (sharesOf(facts)?.settled ?? 1) >= share,
      (facts) =>
        `since the view change only ${sharesOf(facts)?.settled?.toFixed(2)} of the throughput is left`,
    ),
  )

const lossOf = (facts: Facts | Observed): number => 1 - (sharesOf(facts)?.during ?? 0)

/** At most this share of the throughput is lost under attack. A figure. */
export const lossAtMost = (share: number): Judge<Facts | Observed> =>
  figure(
    holds(
      (facts) => lossOf(facts) <= share,
      (facts) => `the attack takes ${lossOf(facts).toFixed(2)} of the throughput`,
    ),
  )

/**
 * The share of the throughput that a primary may take from clients which ask one thing after another, when it adds to
 * their waiting what rule 5.4 allows, and `greedierPerTick` of that more with each tick. The terms:
 *
 * - *Allowed*: f + 1 replicas must complain, so the one among them that had measured the longest waiting counts, s.
 *   Requests may wait (1.25 - 1) s + 0.25 ticks longer than s.
 * - *Usual*: a client gets an answer each c ticks. That is more than s, since requests and answers also travel.
 * - *Unseen*: three windows in a row must be bad, and the one that is open when the waiting becomes too long may not be.
 *   A window lasts half a second, and until a backup has seen eight requests: of 16 requests one goes to one of n - 1
 *   backups. It gets greedier over these four windows, or as long as the attack lasts; on average by half of that.
 *
 * Worked example, n = 4: clients get 200 answers a second, so c = 2 ticks for four of them; s = 1.4. Allowed are 0.6 ticks,
 * which alone take 1 - 2 / 2.6 = 23 %. A window lasts 8 x 16 x 3 / 2 = 192 ticks, four of them 768. At 0.002 more with
 * each tick the primary adds 1 + 0.002 x 768 / 2 = 1.77 times 0.6 ticks on average: 1 - 2 / 3.06 = 35 %.
 * @rule 5.4
 */
export function allowedLoss(
  facts: Pick<Observed, 'n' | 'f' | 'waitingTicks' | 'answersPerSecond' | 'slowestMs' | 'attackedMs'>,
  greedierPerTick = 0,
): number {
  const { n, f, waitingTicks, answersPerSecond, slowestMs, attackedMs } = facts
  const measured = [...waitingTicks].sort((a, b) => a - b)
  const standard = measured[Math.min(f, measured.length - 1)] ?? 0
  const allowed = (WAITING_FACTOR_MAX - 1) * standard + WAITING_SLACK_TICKS
  const answersPerTick = (answersPerSecond.before * TICK_MS) / 1000
  const usual = slowestMs.length / answersPerTick
  const window = Math.max(WINDOW_TICKS_MIN, (WINDOW_SAMPLES_MIN * WITNESSED_EVERY * (n - 1)) / answersPerTick)
  const unseen = Math.min((BAD_WINDOWS_MIN + 1) * window, attackedMs / TICK_MS)
  const greed = 1 + (greedierPerTick * unseen) / 2
  return 1 - usual / (usual + greed * allowed)
}

/** No more is lost under attack than a slow primary that gets so much greedier with each tick may take. */
export const lossAsAllowed =
  (greedierPerTick = 0): Judge<Observed> =>
  (facts) => {
    const { waitingTicks } = facts
    if (waitingTicks.length === 0)
      return ['no correct replica had measured how long requests wait before the attack']
    const allowed = allowedLoss(facts, greedierPerTick)
    if (lossOf(facts) <= allowed) return []
    const waited = waitingTicks.map((ticks) => ticks.toFixed(2)).join(', ')
    return [
      `the attack takes ${lossOf(facts).toFixed(3)} of the throughput; ${allowed.toFixed(3)} may be taken where requests wait ${waited} ticks`,
    ]
  }

/** Judges runs of processes only: the machine has other things to do. */
export const onProcesses =
  (judge: Judge): Judge =>
  (facts) =>
    facts.measured === undefined ? [] : judge(facts)
