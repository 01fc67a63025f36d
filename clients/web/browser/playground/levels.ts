/** The levels: each has a task, and a result that is read off the run as the checkers judged it. */
import { type ReplicaId, toReplicaId } from '../../../../src/base/ids.ts'
import { faultsMax } from '../../../../src/base/quorum.ts'
import { CLOSED_FORMS } from '../../../../src/costs/closed-forms.ts'
import { REQUEST_TIMEOUT_TICKS } from '../../../../src/pbft/parameters.ts'
import { TICK_MS } from '../../../../src/runtime/tick.ts'
import { type Plan, traitorsOf } from '../../../../src/simulator/plan/plan.ts'
import type { Tone } from '../kit/finding.tsx'
import type { Recording } from './recording.ts'
import { FIRST_SETUP, planOf, withCrash, withFault, withTraitor } from './setup.ts'

export interface Outcome {
  readonly isDone: boolean
  readonly tone: Tone
  readonly sentence: string
  readonly costs?: readonly CostLine[]
}

/** The ordering messages of one batch, as counted in a run and as the closed form has them. */
export interface CostLine {
  readonly mode: string
  readonly counted: number
  readonly form: number
  readonly formText: string
  readonly bytes: number
  readonly convicted: string
}

export interface Level {
  readonly name: string
  readonly title: string
  readonly task: string
  readonly start: () => Plan
  /** Does what the task asks for, at a time of the run. */
  readonly solve: (plan: Plan, nowMs: number) => Plan
  /** `former` are the last runs of this level, by mode. */
  readonly judge: (run: Recording, former: ReadonlyMap<string, Recording>) => Outcome
}

const id = (number: number): ReplicaId => toReplicaId(number)
const open = (sentence: string): Outcome => ({ isDone: false, tone: 'plain', sentence })
const list = (ids: readonly number[]): string =>
  ids.length === 0 ? 'nobody' : `${ids.length === 1 ? 'replica' : 'replicas'} ${ids.join(' and ')}`
const sentenceOf = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** The sentence of a run that did not do what the level is about. */
function failed({ result }: Recording): Outcome {
  const [why = ''] = result.explanation
  return {
    isDone: false,
    tone: 'bad',
    sentence: `${result.verdict === 'safety' ? 'A promise was broken' : 'The run did not come to its end'}: ${why}`,
  }
}

const answered = ({ result: { history } }: Recording): readonly number[] =>
  history.flatMap(({ answeredAtMs, invokedAtMs }) =>
    answeredAtMs === null ? [] : [answeredAtMs - invokedAtMs],
  )

const allAnswered = (run: Recording): string => {
  const all = run.result.history.length
  const done = answered(run).length
  return done === all ? `all ${all} requests were answered` : `${done} of ${all} requests were answered`
}

const crash: Level = {
  name: 'crash',
  title: 'One crash',
  task: 'Choose replica 0, the primary, and stop it. The three others must notice, elect another primary, and answer every request.',
  start: () => planOf(FIRST_SETUP),
  solve: (plan, nowMs) => withCrash(plan, id(0), nowMs),
  judge(run) {
    const { plan, result } = run
    const crashed = plan.faults.flatMap((fault) => (fault.kind === 'crash' ? [fault] : []))
    const [first] = crashed
    if (first === undefined) return open('Nobody has crashed yet.')
    if (result.verdict !== 'held') return failed(run)
    if (result.viewChanges === 0)
      return open(
        `Replica ${first.replica} crashed, and nobody had to be replaced: it was no primary. Stop the primary.`,
      )
    const left = run.notes.find(({ text }) => text.startsWith('new view'))
    const when = left === undefined ? '' : ` ${Math.round(left.atMs - first.atMs)} ms later`
    return {
      isDone: true,
      tone: 'good',
      sentence: `Replica ${first.replica} stopped at ${first.atMs} ms. The others began a new view${when}, and ${allAnswered(run)}. Every promise was checked after every step, and held.`,
    }
  },
}

const liar: Level = {
  name: 'liar',
  title: 'One liar',
  task: 'Choose replica 0 and make it equivocate: as primary it will propose different batches to different backups. See who notices, and how it is convicted.',
  start: () => planOf(FIRST_SETUP),
  solve: (plan, nowMs) => withTraitor(plan, id(0), 'equivocate', nowMs),
  judge(run) {
    const { plan, result } = run
    const traitors = traitorsOf(plan)
    if (traitors.length === 0) return open('Everybody is honest yet.')
    if (result.verdict !== 'held') return failed(run)
    const convicted = result.guilty.filter((each) => traitors.includes(each))
    if (convicted.length === 0)
      return open(
        `${sentenceOf(list(traitors))} lied, every promise held, and nothing was signed twice: nobody is convicted. Let the primary equivocate.`,
      )
    return {
      isDone: true,
      tone: 'good',
      sentence: `${sentenceOf(list(convicted))} signed two proposals for one place: both together convict it before anybody. Its view was left, ${allAnswered(run)}, and every promise held.`,
    }
  },
}

const pair: Level = {
  name: 'pair',
  title: 'A pair among seven',
  task: 'Seven replicas tolerate two liars. Make replicas 0 and 6 colluders of one conspiracy: they equivocate, vote for both halves, and lie to clients.',
  start: () => planOf({ ...FIRST_SETUP, n: 7, requests: 3 }),
  solve: (plan, nowMs) =>
    withTraitor(withTraitor(plan, id(0), 'conspiracy', nowMs), id(6), 'conspiracy', nowMs),
  judge(run) {
    const { plan, result } = run
    const traitors = traitorsOf(plan)
    if (plan.n < 7) return open('This level needs seven replicas.')
    if (new Set(traitors).size < 2)
      return open(
        `${traitors.length === 1 ? 'One colludes with nobody' : 'Everybody is honest yet'}: two are needed.`,
      )
    if (result.verdict !== 'held') return failed(run)
    return {
      isDone: true,
      tone: 'good',
      sentence: `${sentenceOf(list(traitors))} lied together, and the five others agreed on every batch all the same: ${allAnswered(run)}, after ${counted(result.viewChanges, 'view change')}; ${list(result.guilty)} convicted.`,
    }
  },
}

const slow: Level = {
  name: 'slow',
  title: 'Just slow enough',
  task: 'Step into the run, choose replica 0 and make it a slow-primary: it proposes every request just before the timers of the others run out. Watch the timers, and what clients get.',
  start: () => planOf({ ...FIRST_SETUP, requests: 14, calmAtMs: 2_500 }),
  solve: (plan, nowMs) => withTraitor(plan, id(0), 'slow-primary', Math.max(nowMs, 400)),
  judge(run) {
    const { plan, result } = run
    const turn = plan.faults.find((fault) => fault.kind === 'turn')
    if (turn === undefined) return open('The primary is as fast as it can be yet.')
    if (result.verdict !== 'held') return failed(run)
    const before = meanMs(result.history.filter(({ invokedAtMs }) => invokedAtMs < turn.atMs))
    const during = meanMs(result.history.filter(({ invokedAtMs }) => invokedAtMs >= turn.atMs))
    if (before === null || during === null)
      return open('Let it be honest for a few requests first, and slow for a few: then both can be compared.')
    if (during < 2 * before)
      return open(`A request took ${during} ms, and ${before} ms before: that is hardly slow.`)
    if (result.viewChanges > 0)
      return {
        isDone: true,
        tone: 'good',
        sentence: `It was too slow, and was replaced: requests took ${during} ms instead of ${before}.`,
      }
    return {
      isDone: true,
      tone: 'warn',
      sentence: `Requests took ${during} ms instead of ${before}, every promise held, and no timer ran out: it stayed below T = ${REQUEST_TIMEOUT_TICKS * TICK_MS} ms. A timer alone never finds it. The replicas therefore also compare a primary with the best they have measured (rule 5.4), and replace it after three bad windows in a row, which needs more requests than this run has.`,
    }
  },
}

/** The mean time of answered requests in whole milliseconds; null where there are none. */
function meanMs(history: Recording['result']['history']): number | null {
  const times = history.flatMap(({ answeredAtMs, invokedAtMs }) =>
    answeredAtMs === null ? [] : [answeredAtMs - invokedAtMs],
  )
  return times.length === 0 ? null : Math.round(times.reduce((sum, each) => sum + each, 0) / times.length)
}

const ORDERING: readonly string[] = ['pre-prepare', 'prepare', 'commit']
const FORM = 'PBFT between replicas'

const oral: Level = {
  name: 'oral',
  title: 'Oral against signed',
  task: 'Replica 3 votes for what nobody proposed. Run the same lie in both modes (change the mode below), and compare what it costs and who can be convicted.',
  start: () => withTraitor(planOf(FIRST_SETUP), id(3), 'wrong-vote', 0),
  solve: (plan) => ({ ...plan, mode: plan.mode === 'signed' ? 'oral' : 'signed' }),
  judge(run, former) {
    const { plan, result } = run
    if (traitorsOf(plan).length === 0) return open('Nobody lies: begin the level anew.')
    if (result.verdict !== 'held') return failed(run)
    const runs = [...former.values()].filter(
      (each) => each.plan.mode !== plan.mode && each.result.verdict === 'held',
    )
    const costs = [run, ...runs].map(costOf).sort((a, b) => (a.mode < b.mode ? 1 : -1))
    if (runs.length === 0) {
      return { ...open(`In ${plan.mode} mode every promise held. Now run it in the other mode.`), costs }
    }
    return {
      isDone: true,
      tone: 'good',
      sentence:
        'Both modes order a batch with as many messages as the closed form says. What differs is the proof: whoever signs two votes for one place is convicted before anybody, while a MAC convinces only the one that it was made for.',
      costs,
    }
  },
}

function costOf({ plan, frames, result }: Recording): CostLine {
  const ordering = frames.filter(({ kind }) => ORDERING.includes(kind))
  const form = CLOSED_FORMS.get(FORM)
  const batches = Math.max(1, result.batches)
  return {
    mode: plan.mode,
    counted: ordering.length / batches,
    form: form?.messages(plan.n, faultsMax(plan.n)) ?? 0,
    formText: form?.text ?? '',
    bytes: ordering.reduce((sum, { frame }) => sum + frame.length, 0) / batches,
    convicted: list(result.guilty),
  }
}

const beyond: Level = {
  name: 'beyond',
  title: 'One too many',
  task: 'Four replicas tolerate one liar. Let replicas 0 and 1 both tell two-worlds, while 2 and 3 cannot reach each other: break it, and see what the checkers say.',
  start: () => {
    const plan = planOf(FIRST_SETUP)
    const cut = (from: number, to: number) => ({ kind: 'cut', from: id(from), to: id(to), atMs: 1 }) as const
    return withFault(withFault({ ...plan, faultyMax: faultsMax(plan.n) + 1 }, cut(2, 3)), cut(3, 2))
  },
  solve: (plan, nowMs) =>
    withTraitor(withTraitor(plan, id(0), 'two-worlds', nowMs), id(1), 'two-worlds', nowMs),
  judge(run) {
    const { plan, result } = run
    const traitors = traitorsOf(plan)
    if (new Set(traitors).size <= faultsMax(plan.n))
      return open(`${traitors.length} of 4 lie: that is what the protocol was made for, and it holds.`)
    if (result.verdict !== 'safety')
      return open(
        `${sentenceOf(list(traitors))} lied, and it happened to hold. Nothing promises that: go on.`,
      )
    const [why = ''] = result.explanation
    return {
      isDone: true,
      tone: 'bad',
      sentence: `It broke, as it must with f + 1 liars: ${why}. No protocol survives a third of its replicas lying; ${result.guilty.length === 0 ? 'the traitors' : list(result.guilty)} signed what gives them away.`,
    }
  },
}

export const LEVELS: readonly Level[] = [crash, liar, pair, slow, oral, beyond]
