/** An offence as text that a person can follow: each operation with a bar from its invocation to its answer. */
import { shown } from './history-reader.ts'
import type { Offence, OffendingOperation } from './offence.ts'

/** Characters for the bars. */
const BAR_COLUMNS = 48

export function timeline({ key, operationsOfKey, before, operations }: Offence): string {
  const which =
    operations.length === operationsOfKey
      ? `its ${operations.length} operations`
      : `these ${operations.length} of its ${operationsOfKey} operations`
  const moments = new Map<number, number>()
  const times = operations.flatMap(({ invokedAt, completedAt }) => [
    invokedAt,
    ...(completedAt === null ? [] : [completedAt]),
  ])
  for (const time of times.sort((a, b) => a - b)) moments.set(time, moments.size)
  const column = (time: number | null): number => {
    const step = Math.min(3, (BAR_COLUMNS - 1) / Math.max(1, moments.size - 1))
    return time === null ? BAR_COLUMNS : Math.round((moments.get(time) ?? 0) * step)
  }
  const rows = operations.map((operation) => [
    `${operation.invokedAt}`,
    operation.completedAt === null ? '?' : `${operation.completedAt}`,
    `${operation.process}`,
    words(operation),
    bar(column(operation.invokedAt), column(operation.completedAt), operation.completedAt === null),
  ])
  const table = [['from', 'to', 'process', 'operation', ''], ...rows]
  const widths = [0, 1, 2, 3].map((index) => Math.max(...table.map((row) => (row[index] as string).length)))
  return [
    `Key ${shown(key)} is not linearizable: no order of ${which} explains the answers.`,
    before.length === 1 && before[0] === null
      ? 'Before them it holds nothing (null).'
      : `Before them it holds ${before.map(shown).join(' or ')}.`,
    '',
    ...table.map((row) =>
      `  ${row.map((cell, index) => (index < 3 ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0))).join('  ')}`.trimEnd(),
    ),
  ].join('\n')
}

function words({ kind, value, outcome }: OffendingOperation): string {
  if (kind === 'read') return `read gave ${shown(value)}`
  const doubt = outcome === 'ok' ? '' : ' (in doubt)'
  if (kind === 'write') return `${value === null ? 'delete' : `write ${shown(value)}`}${doubt}`
  const [from, to] = value as readonly [OffendingOperation['value'], OffendingOperation['value']]
  return `cas ${shown(from)} to ${shown(to)}${doubt}`
}

function bar(from: number, to: number, isOpen: boolean): string {
  const inside = '─'.repeat(Math.max(0, to - from - 1))
  return `${' '.repeat(from)}├${inside}${isOpen ? '┄' : '┤'}`
}
