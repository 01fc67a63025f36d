/** Reports as a single page that needs no network: it contains its styles, its data and the plotting library. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { escapeHtml, factsHtml, htmlPage, htmlTable, scriptJson, wideTable } from '../../clients/web/html.ts'
import type { Figures } from '../run/load/load-meter.ts'
import { cellsOf, HEADINGS } from './cells.ts'
import { CHART_SCRIPT } from './chart-script.ts'
import { COLUMNS_LEGEND } from './legend.ts'
import { type AttackReport, isAsExpected, outcomeOf, outcomesText } from './report.ts'
import { REPORT_STYLE } from './report-style.ts'

/** The settings shown at the head of the page. */
export interface PageFacts {
  readonly seconds: number
  /** Names and values, such as the machine's. */
  readonly facts: Readonly<Record<string, string | number>>
}

const MIB = 1024 * 1024

export function reportPage(reports: readonly AttackReport[], { seconds, facts }: PageFacts): string {
  const timelines = reports.map(({ timeline }) => timeline)
  return htmlPage({
    title: `strategos: ${outcomesText(reports)}`,
    style: `${fileOfPlots('uPlot.min.css')}${REPORT_STYLE}`,
    hasScripts: true,
    body: `<h1>${outcomesText(reports)}</h1>
<p class="faint">${factsHtml(facts)}. ${seconds} seconds in all. Figures of processes depend on the machine: compare before, during and after.</p>
${summary(reports)}
<p class="faint">${escapeHtml(COLUMNS_LEGEND)}</p>
${reports.map(section).join('\n')}
<script type="application/json" id="runs">${scriptJson(timelines)}</script>
<script>${fileOfPlots('uPlot.iife.min.js')}</script>
<script>${CHART_SCRIPT}</script>`,
  })
}

function summary(reports: readonly AttackReport[]): string {
  const rows = reports.map((report) => {
    const [name = '', ...cells] = cellsOf(report)
    const link = `<a href="#${escapeHtml(name)}" class="${classOf(report)}">${escapeHtml(name)}</a>`
    return { cells: [{ raw: link }, ...cells] }
  })
  return wideTable({ columns: HEADINGS, rows })
}

const classOf = (report: AttackReport): string => (isAsExpected(report) ? 'held' : 'broken')

function section(report: AttackReport, index: number): string {
  const { attack, facts, faults, notes, timeline, seed, seconds, world } = report
  const { name, does, expects, source, targets } = attack
  const traitors = facts.traitors.length === 0 ? 'no traitors' : `traitors ${facts.traitors.join(', ')}`
  const verdict = `<span class="${classOf(report)}">${outcomeOf(report)}</span>`
  const setting = `${world}, n = ${facts.n}, f = ${facts.f}, ${traitors}, seed ${seed}, ${seconds} s`
  const plot =
    timeline === null
      ? ''
      : `<div data-run="${index}" role="img" aria-label="Operations a second; the attack lasted from ${
          timeline.attackFromMs / 1000
        } to ${timeline.attackToMs / 1000} seconds"></div>`
  return `<section id="${escapeHtml(name)}">
<h2>${escapeHtml(name)}: ${verdict}</h2>
<p>${escapeHtml(sentence(does))}. Expected: ${escapeHtml(expects)}. <span class="faint">Aims at ${escapeHtml(targets.join(', '))}.
Source: ${escapeHtml(source)}.</span></p>
<p class="faint">${escapeHtml([setting, ...notes].join('; '))}</p>
${faults.map((fault) => `<pre>${escapeHtml(fault)}</pre>`).join('\n')}
${plot}
<div class="tables">${tablesOf(report)}</div>
</section>`
}

function tablesOf({ facts }: AttackReport): string {
  const { measured, rejected } = facts
  const tables = [
    rejected.size === 0
      ? ''
      : table('Messages that correct replicas refused', ['reason', 'count'], [...rejected]),
  ]
  if (measured !== undefined) {
    const { before, during, after, suspicions, memory } = measured
    tables.unshift(
      table(
        'What correct clients got',
        ['', 'op/s', 'p50 ms', 'p99 ms', 'max ms', 'gap ms'],
        Object.entries({ before, during, after }).map(([when, figures]) => [when, ...figuresOf(figures)]),
      ),
      table(
        'Memory of correct replicas, MiB',
        ['replica', 'at first', 'at last', 'peak'],
        memory.map(({ replica, firstBytes, lastBytes, peakBytes }) => [
          replica,
          ...[firstBytes, lastBytes, peakBytes].map((bytes) => Math.ceil(bytes / MIB)),
        ]),
      ),
      suspicions.length === 0
        ? ''
        : table(
            'Suspicions of correct replicas',
            ['suspect', 'by', 'from, s', 'looks', 'rightly'],
            suspicions.map(({ by, of, firstMs, looks, rightLooks }) => [
              ...[of, by, (firstMs / 1000).toFixed(1), looks, rightLooks],
            ]),
          ),
    )
  }
  return tables.join('\n')
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const figuresOf = ({ opsPerSecond, p50Ms, p99Ms, maxMs, gapMs }: Figures): readonly number[] => [
  ...[opsPerSecond, p50Ms, p99Ms, maxMs, gapMs],
]

const table = (
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string => htmlTable({ caption, columns, rows: rows.map((cells) => ({ cells })) })

const fileOfPlots = (name: string): string =>
  readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8')
