/** Reports of runs on processes as a Markdown table: the share of the throughput that was left under attack. */
import { TEXT_LEGEND } from './legend.ts'
import { type AttackReport, isAsExpected, outcomeOf } from './report.ts'
import { attackersProcessors, percent, processors, shareOf, shareOfWork } from './shares.ts'

const HEADINGS = [
  'attack',
  'op/s before',
  'during',
  'share',
  'share since the last view change',
  'share per processor second of correct replicas',
  "attackers' processors",
  'after',
  'p99 ms before',
  'during',
  'longest gap, ms',
  'view changes',
  'held',
] as const

/**
 * The table, with the meaning of its columns and the conditions of the measurement below. `facts` are printed in their
 * order, as `name value`.
 */
export function markdownTable(
  reports: readonly AttackReport[],
  facts: Readonly<Record<string, string | number>>,
): string {
  const rows = reports.map(rowOf)
  const rule = HEADINGS.map((_, index) => (index === 0 ? ':--' : '--:'))
  const told = Object.entries(facts).map(([name, value]) => `${name} ${value}`)
  return [...[HEADINGS, rule, ...rows].map(line), '', TEXT_LEGEND, '', `${told.join(', ')}.`].join('\n')
}

function rowOf(report: AttackReport): readonly string[] {
  const { attack, facts } = report
  const { measured, viewChanges } = facts
  const name = `\`${attack.name}\``
  const held = report.mustBreak === null ? (isAsExpected(report) ? 'yes' : 'no') : outcomeOf(report)
  if (measured === undefined) return [name, ...HEADINGS.slice(2).map(() => ''), held]
  const { before, during, after, gapMs } = measured
  return [
    name,
    `${before.opsPerSecond}`,
    `${during.opsPerSecond}`,
    percent(shareOf(measured, during)),
    measured.settled === null ? '' : percent(shareOf(measured, measured.settled)),
    percent(shareOfWork(measured)),
    processors(attackersProcessors(measured)),
    `${after.opsPerSecond}`,
    before.p99Ms.toFixed(1),
    during.p99Ms.toFixed(1),
    `${gapMs}`,
    `${viewChanges}`,
    held,
  ]
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
