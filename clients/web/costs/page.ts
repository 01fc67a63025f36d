/** The costs as one page that needs no network and no script: charts, crossings in words, tables, and decisions drawn. */
import type { CostRow } from '../../../src/costs/costs.ts'
import type { CostTrace } from '../../../src/costs/counts.ts'
import { escapeHtml, factsHtml, htmlPage, wideTable } from '../html.ts'
import { COSTS_STYLE } from './costs-style.ts'
import { AGAINST_LIARS, crossings, METRICS, type Metric } from './crossings.ts'
import { COLOURS, logChart, type Series } from './log-chart.ts'
import { timeLine } from './time-line.ts'

export interface CostsPage {
  readonly rows: readonly CostRow[]
  /** One decision of each protocol. */
  readonly traces: readonly CostTrace[]
  /** Names and values, such as the suite and the machine's. */
  readonly facts: Readonly<Record<string, string | number>>
}

export function costsPage({ rows, traces, facts }: CostsPage): string {
  const differing = rows.filter(({ verdict }) => verdict === 'differs').length
  const verdict =
    differing === 0
      ? `All ${rows.length} rows are as proved`
      : `${differing} of ${rows.length} rows differ from what was proved`
  const sizes = [...new Set(rows.map(({ n }) => n))]
  return htmlPage({
    title: 'strategos: what agreement costs',
    style: COSTS_STYLE,
    body: `<h1>What agreement costs</h1>
<p>${verdict}. Every figure was counted in a run, per decision; none is computed.
<span class="faint">${factsHtml(facts)}. Processor time is this machine's: compare within one page only.</span></p>
${noteOnLectures(rows)}
<h2>Agreement although some lie</h2>
${METRICS.map((metric) => sentences(rows, metric)).join('\n')}
<div class="charts">${METRICS.map((metric) => chartOf(rows, AGAINST_LIARS, metric)).join('\n')}</div>
${otherCharts(rows)}
<h2>Every row</h2>
${sizes.map((n) => tableOf(rows.filter((row) => row.n === n))).join('\n')}
<h2>One decision of each</h2>
<p class="faint">From left to right Lamport's logical clock: each dot is an event with what the clock of its process shows,
each line a message, from where it was sent to where it arrived.</p>
<div class="lines">${traces.map(timeLine).join('\n')}</div>`,
  })
}

function noteOnLectures(rows: readonly CostRow[]): string {
  const notes = rows.flatMap(({ n, protocol, counts, lectureNote }) =>
    lectureNote === null || protocol !== 'SM(m)'
      ? []
      : [
          `${lectureNote.messages} for n = ${n}, where ${counts.messages} are sent (${lectureNote.factor.toFixed(1)} times)`,
        ],
  )
  return `<p>Lecture notes give (f+1)n² messages for agreement with signatures: ${escapeHtml(notes.join('; '))}.</p>`
}

function sentences(rows: readonly CostRow[], metric: Metric): string {
  const found = crossings(rows, metric).map((sentence) => `<li>${escapeHtml(sentence)}</li>`)
  const said =
    found.length === 0 ? '<p>Nothing changes places between these sizes.</p>' : `<ul>${found.join('\n')}</ul>`
  return `<details open><summary>Where one becomes cheaper than another, by ${escapeHtml(metric.name)}</summary>${said}</details>`
}

/** Protocols that are drawn together, besides those that agree although some lie. */
const GROUPS: Readonly<Record<string, RegExp>> = {
  'Agreement although some crash': /^(FloodSet|early stopping|Ben-Or|Paxos|Raft)/,
  'All or nothing, without failures': /^[23]PC/,
  'The store, signed': /^(PBFT|checkpoint|view change)(?!.*, oral$)/,
  'The store, with MACs': /, oral$/,
}

function otherCharts(rows: readonly CostRow[]): string {
  const names = [...new Set(rows.map(({ protocol }) => protocol))]
  const charts = Object.entries(GROUPS).map(([title, pattern]) => {
    const group = names.filter((name) => pattern.test(name)).slice(0, COLOURS)
    if (group.length === 0) return ''
    return `<h2>${escapeHtml(title)}</h2>
<div class="charts">${METRICS.map((metric) => chartOf(rows, group, metric)).join('\n')}</div>`
  })
  return charts.join('\n')
}

function chartOf(rows: readonly CostRow[], names: readonly string[], metric: Metric): string {
  const series = names.map((name): Series => {
    const own = rows.filter(({ protocol }) => protocol === name)
    const points = own.map((row) => ({ n: row.n, value: metric.read(row) ?? 0 }))
    return { name, points: points.filter(({ value }) => value > 0) }
  })
  return logChart(
    `${metric.name} of a decision`,
    series.filter(({ points }) => points.length > 0),
  )
}

const COLUMNS: readonly (readonly [string, (row: CostRow) => string | number | null])[] = [
  ['protocol', ({ protocol }) => protocol],
  ['messages', ({ counts }) => counts.messages],
  ['closed form', ({ form }) => `${form.text} ${form.relation === 'equal' ? '=' : '≥'} ${form.messages}`],
  ['verdict', ({ verdict }) => verdict],
  ['rounds', ({ counts }) => counts.rounds],
  ['bytes', ({ counts }) => counts.bytes],
  ['signatures made', ({ counts }) => counts.signaturesMade],
  ['checked', ({ counts }) => counts.signaturesChecked],
  ['macs made', ({ counts }) => counts.macsMade],
  ['checked', ({ counts }) => counts.macsChecked],
  ['tags made', ({ counts }) => counts.tagsMade],
  ['checked', ({ counts }) => counts.tagsChecked],
  ['hashes', ({ counts }) => counts.hashes],
  ['cpu µs', ({ counts }) => (counts.cpuMicroseconds === null ? null : Math.round(counts.cpuMicroseconds))],
  ['what was counted', ({ convention }) => convention],
]

function tableOf(rows: readonly CostRow[]): string {
  const shown = (value: string | number | null): string => {
    if (value === null) return '–'
    return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(1) : String(value)
  }
  const [first] = rows
  return wideTable({
    caption: `n = ${first?.n}, f = ${first?.f}`,
    columns: COLUMNS.map(([name]) => name),
    rows: rows.map((row) => ({
      cells: COLUMNS.map(([, read]) => shown(read(row))),
      ...(row.verdict === 'differs' ? { className: 'differs' } : {}),
    })),
  })
}
