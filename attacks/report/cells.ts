/** Reports as cells of a table, and the notes below it. */
import type { Measured } from '../run/run-facts.ts'
import { type AttackReport, outcomeOf } from './report.ts'
import { attackersProcessors, percent, processors, shareOf, shareOfWork } from './shares.ts'

export const HEADINGS = [
  'attack',
  'verdict',
  'acts',
  'views',
  'op/s before',
  'during',
  'after',
  'p99 ms before',
  'during',
  'after',
  'gap ms',
  'share',
  'of work',
  'attackers',
  'held ms',
  'suspected',
  'guilty',
  'peak MiB',
] as const

const MIB = 1024 * 1024

export function cellsOf(report: AttackReport): readonly string[] {
  const { attack, facts } = report
  const { acts, viewChanges, guilty, measured } = facts
  const phases = measured === undefined ? [] : [measured.before, measured.during, measured.after]
  const of = (text: (index: number) => string): readonly string[] =>
    [0, 1, 2].map((index) => (measured === undefined ? '' : text(index)))
  return [
    attack.name,
    outcomeOf(report),
    `${acts}`,
    `${viewChanges}`,
    ...of((index) => `${phases[index]?.opsPerSecond}`),
    ...of((index) => `${phases[index]?.p99Ms.toFixed(1)}`),
    ...(measured === undefined ? ['', '', '', '', ''] : costsOf(measured)),
    suspicionText(report),
    guilty.join(','),
    measured === undefined ? '' : `${Math.ceil(peakBytes(report) / MIB)}`,
  ]
}

const costsOf = (measured: Measured): readonly string[] => [
  `${measured.gapMs}`,
  percent(shareOf(measured, measured.during)),
  percent(shareOfWork(measured)),
  processors(attackersProcessors(measured)),
  `${measured.delayMs}`,
]

/** The peak memory of a correct replica, in bytes. */
export const peakBytes = ({ facts }: AttackReport): number =>
  Math.max(0, ...(facts.measured?.memory ?? []).map((use) => use.peakBytes))

/** The replicas that correct replicas suspected; false suspicions have a question mark. */
function suspicionText({ facts }: AttackReport): string {
  const suspicions = facts.measured?.suspicions ?? []
  const suspects = [...new Set(suspicions.map((each) => each.of))]
  return suspects
    .map((suspect) => {
      const isRight = suspicions.some((each) => each.of === suspect && each.rightLooks > 0)
      return isRight ? `${suspect}` : `${suspect}?`
    })
    .join(',')
}

/** The faults of each run, one run after another. */
export function faultLines(reports: readonly AttackReport[]): readonly string[] {
  return reports.flatMap(({ attack, faults, seed }) =>
    faults.map((fault) => `${attack.name} (seed ${seed}): ${fault}`),
  )
}
