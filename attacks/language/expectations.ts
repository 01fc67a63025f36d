/** Small judges and their combinators. Each returns unmet expectations as sentences. */
import type { RejectionReason } from '../../src/messages/rejection.ts'
import {
  BAD_WINDOWS_MIN,
  CLOCK_SKEW_MS_MAX,
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

/** Combines judges: all of them must be satisfied. */
export const all =
  <F>(...judges: readonly Judge<F>[]): Judge<F> =>
  (facts) =>
    judges.flatMap((judge) => judge(facts))

/** Is satisfied if the condition holds. */
export const holds =
  <F>(isSo: (facts: F) => boolean, complaint: (facts: F) => string): Judge<F> =>
  (facts) =>
    isSo(facts) ? [] : [complaint(facts)]

/** Marks a judge as a figure: it is silent if figures are advisory. */
export const figure =
  <F extends Facts>(judge: Judge<F>): Judge<F> =>
  (facts) =>
    facts.figures === 'advisory' ? [] : judge(facts)

/**
 * Bounds the number of view changes. The attack must cause at least the minimum. The maximum is a figure, because
 * replicas without a processor seem to be silent.
 */
export function viewChanges(least: number, most: number | ((facts: Facts) => number) = least): Judge {
  const complaint = (facts: Facts): string => `there were ${facts.viewChanges} view changes`
  const mostOf = (facts: Facts): number => (typeof most === 'number' ? most : most(facts))
  return all(
    holds((facts) => facts.viewChanges >= least, complaint),
    figure(holds((facts) => facts.viewChanges <= mostOf(facts), complaint)),
  )
}

export const noViewChange: Judge = viewChanges(0)

/** Reasons of refusals in signed mode, with their counterparts in oral mode. */
const ORAL_REASONS: ReadonlyMap<RejectionReason, RejectionReason> = new Map([
  ['bad-signature', 'bad-mac'],
  ['signed-as-another-kind', 'bad-mac'],
  ['sender-is-not-the-signer', 'sender-is-not-the-link'],
])

/** Correct replicas refused a message for one of these reasons, or their counterparts in oral mode. */
export const refused = (...reasons: readonly RejectionReason[]): Judge =>
  holds(
    ({ rejected, auth }) => {
      const oral = auth === 'signed' ? [] : reasons.flatMap((reason) => ORAL_REASONS.get(reason) ?? [])
      return [...reasons, ...oral].some((reason) => (rejected.get(reason) ?? 0) > 0)
    },
    () => `nothing was refused as ${reasons.join(' or ')}`,
  )

/** Correct replicas gave the hostile client each of these answers. */
export const told = (...answers: readonly AnswerKind[]): Judge =>
  all(
    ...answers.map((answer) =>
      holds<Facts>(
        (facts) => (facts.told?.get(answer) ?? 0) > 0,
        () =>
          answer === 'reply' ? 'the client was never answered' : `the client never got the answer ${answer}`,
      ),
    ),
  )

/** A correct replica holds evidence against each traitor; without signatures there must be none. */
export const evidence: Judge = ({ guilty, traitors, auth }) =>
  auth === 'oral'
    ? guilty.map((id) => `replica ${id} is called guilty, which is impossible to prove without signatures`)
    : traitors.filter((id) => !guilty.includes(id)).map((id) => `there is no evidence against replica ${id}`)

/**
 * The view of a liar ends, once, because of the evidence; without evidence, it may last as long as batches are
 * decided.
 */
export const oneViewChangeOnEvidence: Judge = (facts) => viewChanges(facts.auth === 'oral' ? 0 : 1, 1)(facts)

/** Correct replicas cut each traitor off for a while. */
export const cutOff: Judge = ({ cutOff, traitors }) =>
  traitors.filter((id) => !cutOff.includes(id)).map((id) => `replica ${id} was not cut off`)

/** No correct replica was suspected by another; on a busy machine at most f of them. A figure. */
export const nobodySuspected: Judge = figure(({ f, traitors, measured }) => {
  const wrong = (measured?.suspicions ?? []).filter(({ looks, rightLooks }) => looks > rightLooks)
  const suspects = [...new Set(wrong.map(({ of }) => of))].filter((id) => !traitors.includes(id))
  return suspects
    .filter((suspect) => new Set(wrong.filter(({ of }) => of === suspect).map(({ by }) => by)).size > f)
    .map((id) => `replica ${id} was suspected, which is correct`)
})

/** Correct replicas voted only for proposals whose time is near their clocks (rule 1.2). */
export const timelyVotes: Judge<Observed> = all(
  holds(
    ({ aheadMs }) => aheadMs <= CLOCK_SKEW_MS_MAX,
    ({ aheadMs }) => `a correct replica voted for a time ${aheadMs} ms ahead of its clock`,
  ),
  holds(
    ({ lateMs }) => lateMs <= TICK_MS,
    ({ lateMs }) => `a correct replica voted for a time ${lateMs} ms further behind its clock than T allows`,
  ),
)

/** Only traitors were ever suspected. For the simulator. */
export const onlyTraitorsSuspected: Judge<Observed> = ({ suspected, traitors }) =>
  suspected
    .filter((id) => !traitors.includes(id))
    .map((id) => `replica ${id} was suspected, which is correct`)

/** Bounds the time in which the cluster answers nobody while a client waits, in milliseconds. */
export const outageAtMost = (milliseconds: number): Judge<Observed> =>
  holds(
    ({ outageMs }) => outageMs <= milliseconds,
    ({ outageMs }) => `nobody was answered for ${Math.round(outageMs)} ms`,
  )

/** Bounds the longest wait for an answer, in milliseconds. */
export const latencyAtMost = (milliseconds: number): Judge<Observed> =>
  holds(
    ({ slowestMs }) => Math.max(...slowestMs) <= milliseconds,
    ({ slowestMs }) => `the slowest answers took ${slowestMs.map(Math.round).join(', ')} ms`,
  )

/** All checkpoints that were due have become stable. */
export const windowMoved: Judge<Observed> = holds(
  ({ checkpoints, batches, checkpointInterval }) =>
    checkpoints >= Math.floor(batches / checkpointInterval) - 1,
  ({ checkpoints, batches }) => `only ${checkpoints} checkpoints are stable after ${batches} batches`,
)

/** Grown timeouts have shrunk to their initial value. */
export const timeoutsShrank: Judge<Observed> = holds(
  ({ timeoutTicks: { first, last } }) => last <= first,
  ({ timeoutTicks: { last, most } }) => `timeouts grew to ${most} ticks and are still ${last}`,
)

/** A lagging replica fetched the state, or a part of it until execution overtook the transfer. */
export const transferBegan: Judge<Observed> = holds(
  ({ transfers }) => transfers.begun > 0,
  () => 'no replica fetched the state',
)

/** Every correct replica that refused a client's message refused it for the same reasons. */
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

/** The share of the throughput that is left under attack, and since the last view change. */
interface Shares {
  readonly during: number
  /** Null without a view change. */
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

/** Reports the loss of throughput under attack, as a sentence with figures. */
export function reportLoss(facts: Facts | Observed): readonly string[] {
  const shares = sharesOf(facts)
  if (shares === null) return []
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  const since =
    shares.settled === null ? '' : `, and reaches ${percent(shares.settled)} since the last view change`
  return [`the load loses ${percent(1 - shares.during)} of its throughput under attack${since}`]
}

/** Demands at least this share of the throughput since the primary was replaced, if it was. A figure. */
export const settledAtLeast = (share: number): Judge<Facts | Observed> =>
  figure(
    holds(
      (facts) => (sharesOf(facts)?.settled ?? 1) >= share,
      (facts) =>
        `since the view change only ${sharesOf(facts)?.settled?.toFixed(2)} of the throughput is left`,
    ),
  )

const lossOf = (facts: Facts | Observed): number => 1 - (sharesOf(facts)?.during ?? 0)

/** Bounds the share of the throughput that is lost under attack. A figure. */
export const lossAtMost = (share: number): Judge<Facts | Observed> =>
  figure(
    holds(
      (facts) => lossOf(facts) <= share,
      (facts) => `the attack takes ${lossOf(facts).toFixed(2)} of the throughput`,
    ),
  )

/**
 * The share of the throughput that a primary may take from clients with one request in flight, if it delays requests
 * as much as rule 5.4 allows, and by `greedierPerTick` of that more with each tick. The terms:
 *
 * - *Allowed*: f + 1 replicas must complain, so the longest waiting time that one of them had measured counts, s.
 *   Requests may wait (1.25 - 1) s + 0.25 ticks longer than s.
 * - *Usual*: a client gets an answer each c ticks. That is more than s, because requests and answers also travel.
 * - *Unseen*: three consecutive windows must be bad, and the window that is open when the wait becomes too long may
 * still be good. A window lasts half a second, and until a backup has seen eight requests: one of 16 requests goes to
 * one of n - 1 backups. The primary gets greedier over these four windows, or until the attack ends; on average by
 * half of that.
 *
 * Worked example, n = 4: clients get 200 answers a second, so c = 2 ticks for four of them; s = 1.4. Allowed are 0.6
 * ticks, which alone take 1 - 2 / 2.6 = 23 %. A window lasts 8 x 16 x 3 / 2 = 192 ticks, four of them 768. At 0.002
 * more with each tick the primary adds 1 + 0.002 x 768 / 2 = 1.77 times 0.6 ticks on average: 1 - 2 / 3.06 = 35 %.
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

/** Bounds the loss of throughput by the share that such an increasingly slow primary may take. */
export const lossAsAllowed =
  (greedierPerTick = 0): Judge<Observed> =>
  (facts) => {
    const { waitingTicks } = facts
    if (waitingTicks.length === 0)
      return ['no correct replica had measured the waiting time of requests before the attack']
    const allowed = allowedLoss(facts, greedierPerTick)
    if (lossOf(facts) <= allowed) return []
    const waited = waitingTicks.map((ticks) => ticks.toFixed(2)).join(', ')
    return [
      `the attack takes ${lossOf(facts).toFixed(3)} of the throughput; ${allowed.toFixed(3)} may be taken where requests wait ${waited} ticks`,
    ]
  }

/** Restricts a judge to runs of processes, where the machine does other work too. */
export const onProcesses =
  (judge: Judge): Judge =>
  (facts) =>
    facts.measured === undefined ? [] : judge(facts)
