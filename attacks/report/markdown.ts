/** Reports of runs on processes as a table for a text: what was left of the throughput while the attack was on. */
import { type AttackReport, hasHeld } from './report.ts'

const HEADINGS = [
  'attack',
  'op/s before',
  'during',
  'share',
  'after',
  'p99 ms before',
  'during',
  'longest gap, ms',
  'view changes',
  'held',
] as const

/** The table, and under it what was measured where. `facts` are told in their order, as `name value`. */
export function markdownTable(
  reports: readonly AttackReport[],
  facts: Readonly<Record<string, string | number>>,
): string {
  const rows = reports.map(rowOf)
  const rule = HEADINGS.map((_, index) => (index === 0 ? ':--' : '--:'))
  const told = Object.entries(facts).map(([name, value]) => `${name} ${value}`)
  return [...[HEADINGS, rule, ...rows].map(line), '', `${told.join(', ')}.`].join('\n')
}

function rowOf(report: AttackReport): readonly string[] {
  const { attack, facts } = report
  const { measured, viewChanges } = facts
  const name = `\`${attack.name}\``
  const held = hasHeld(report) ? 'yes' : 'no'
  if (measured === undefined) return [name, ...HEADINGS.slice(2).map(() => ''), held]
  const { before, during, after, gapMs } = measured
  return [
    name,
    `${before.opsPerSecond}`,
    `${during.opsPerSecond}`,
    `${shareOf(measured)} %`,
    `${after.opsPerSecond}`,
    before.p99Ms.toFixed(1),
    during.p99Ms.toFixed(1),
    `${gapMs}`,
    `${viewChanges}`,
    held,
  ]
}

/** Of the operations per second without the attack, before it and after it, in whole percent. */
function shareOf({ before, during, after }: NonNullable<AttackReport['facts']['measured']>): number {
  const calm = (before.opsPerSecond + after.opsPerSecond) / 2
  return calm === 0 ? 0 : Math.round((100 * during.opsPerSecond) / calm)
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
