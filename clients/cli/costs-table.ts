/** The rows of `costs` as a table for people and as comma-separated values for programs. */
import type { CostRow } from '../../src/costs/costs.ts'
import { areAsExpected } from '../../src/costs/mac-forms.ts'
import { tableText } from './table.ts'
import { outputColumns, wrapWords } from './terminal.ts'

const HEADINGS = [
  'protocol',
  'messages',
  'closed form',
  'verdict',
  'rounds',
  'bytes',
  'signed',
  'sigs checked',
  'macs',
  'macs checked',
  'tags',
  'tags checked',
  'hashes',
  'cpu µs',
]
/** Columns of words are aligned left, columns of numbers right. */
const WORDS = new Set([0, 2, 3])

const fitted = (line: string): string => wrapWords(line, outputColumns(), 4)

export function tableOf(
  rows: readonly CostRow[],
  setting: { readonly modes: readonly string[]; readonly suite: string },
): string {
  const sizes = [...new Set(rows.map(({ n }) => n))]
  const tables = sizes.map((n) => {
    const ofSize = rows.filter((row) => row.n === n)
    const head = `n = ${n}, f = ${ofSize[0]?.f}, ${setting.modes.join(' and ')}, ${setting.suite}`
    return [
      head,
      tableText([HEADINGS, ...ofSize.map(cellsOf)], { words: WORDS }),
      ...notesOf(ofSize).map(fitted),
    ].join('\n')
  })
  const conventions = new Map(rows.map(({ protocol, convention }) => [protocol, convention]))
  const counted = [...conventions].map(([protocol, convention]) => fitted(`  ${protocol}: ${convention}`))
  return [...tables, ['What was counted:', ...counted].join('\n')].join('\n\n')
}

function cellsOf({ protocol, counts, form, verdict }: CostRow): readonly string[] {
  const relation = form.relation === 'equal' ? '=' : '≤'
  const rounds = form.rounds === null || form.rounds === counts.rounds ? '' : ` not ${form.rounds}`
  return [
    protocol,
    shown(counts.messages),
    `${relation} ${shown(form.messages)}  ${form.text}`,
    verdict,
    `${shown(counts.rounds)}${rounds}`,
    shown(counts.bytes),
    shown(counts.signaturesMade),
    shown(counts.signaturesChecked),
    shown(counts.macsMade),
    shown(counts.macsChecked),
    shown(counts.tagsMade),
    shown(counts.tagsChecked),
    shown(counts.hashes),
    shown(counts.cpuMicroseconds === null ? null : Math.round(counts.cpuMicroseconds)),
  ]
}

function notesOf(rows: readonly CostRow[]): readonly string[] {
  const notes = rows.flatMap(({ protocol, counts, lectureNote }) =>
    lectureNote === null
      ? []
      : [
          `${protocol}: lecture notes give (f+1)n² = ${lectureNote.messages}, ${lectureNote.factor.toFixed(1)} times the ${counts.messages} that were sent.`,
        ],
  )
  const differing = rows.filter(({ verdict }) => verdict === 'differs')
  const faults = differing.map(
    ({ protocol, counts, form }) =>
      `${protocol} differs: ${counts.messages} messages in ${counts.rounds} rounds, not ${form.messages} in ${form.rounds ?? 'any'}${differingMacs(counts, form)}.`,
  )
  return [...notes, ...rows.flatMap(macsNote), ...faults]
}

/** In oral mode: the counted MACs, made and checked, and their closed forms. */
function macsNote({ protocol, counts, form: { macs } }: CostRow): readonly string[] {
  if (macs.made.count === 0) return []
  const relation = macs.checked.relation === 'equal' ? '=' : '≤'
  const made = `${shown(counts.macsMade)} MACs made = ${macs.made.text}`
  const checked = `${shown(counts.macsChecked)} checked ${relation} ${macs.checked.text} = ${macs.checked.count}`
  return [`${protocol}: ${made}, ${checked}.`]
}

const differingMacs = (counts: CostRow['counts'], { macs }: CostRow['form']): string =>
  areAsExpected(counts, macs)
    ? ''
    : `; ${counts.macsMade} MACs made and ${counts.macsChecked} checked, not ${macs.made.count} and ${macs.checked.count}`

const shown = (value: number | null): string =>
  value === null ? '-' : Number.isInteger(value) ? String(value) : value.toFixed(1)

const COLUMNS: readonly (readonly [string, (row: CostRow) => string | number | null])[] = [
  ['n', ({ n }) => n],
  ['f', ({ f }) => f],
  ['protocol', ({ protocol }) => protocol],
  ['messages', ({ counts }) => counts.messages],
  ['form', ({ form }) => form.text],
  ['form_messages', ({ form }) => form.messages],
  ['form_relation', ({ form }) => form.relation],
  ['rounds', ({ counts }) => counts.rounds],
  ['form_rounds', ({ form }) => form.rounds],
  ['verdict', ({ verdict }) => verdict],
  ['bytes', ({ counts }) => counts.bytes],
  ['signatures_made', ({ counts }) => counts.signaturesMade],
  ['signatures_checked', ({ counts }) => counts.signaturesChecked],
  ['macs_made', ({ counts }) => counts.macsMade],
  ['form_macs_made', ({ form }) => form.macs.made.count],
  ['macs_checked', ({ counts }) => counts.macsChecked],
  ['form_macs_checked', ({ form }) => form.macs.checked.count],
  ['form_macs_checked_relation', ({ form }) => form.macs.checked.relation],
  ['tags_made', ({ counts }) => counts.tagsMade],
  ['tags_checked', ({ counts }) => counts.tagsChecked],
  ['hashes', ({ counts }) => counts.hashes],
  ['cpu_microseconds', ({ counts }) => counts.cpuMicroseconds],
  ['lecture_note_messages', ({ lectureNote }) => lectureNote?.messages ?? null],
  ['convention', ({ convention }) => convention],
]

/** RFC 4180: a header line, and one line per row; a missing figure is empty. */
export function csvOf(rows: readonly CostRow[]): string {
  const lines = rows.map((row) => COLUMNS.map(([, read]) => quoted(read(row))).join(','))
  return [COLUMNS.map(([name]) => name).join(','), ...lines].join('\r\n')
}

function quoted(value: string | number | null): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
