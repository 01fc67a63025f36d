/** The command costs: it counts the cost of agreement, and compares it with the proved bounds. */
import { writeFileSync } from 'node:fs'
import { type CostRow, measureCosts } from '../../src/costs/costs.ts'
import { traceGenerals } from '../../src/costs/measure-generals.ts'
import { traceStore } from '../../src/costs/measure-store.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import type { SuiteName } from '../../src/ports.ts'
import { csvOf, tableOf } from './costs-table.ts'
import type { SuiteFlag } from './options.ts'
import { expectWritable } from './output-file.ts'

export interface CostsFlags {
  readonly replicas: readonly number[]
  readonly crypto: SuiteFlag
  readonly auth?: AuthenticationMode
  readonly json?: true
  readonly csv?: true
  readonly html?: string
}

/** The authentication modes of the store that are counted by default. */
const MODES: readonly AuthenticationMode[] = ['signed', 'oral']

export async function costs({ replicas, crypto: suite, auth, json, csv, html }: CostsFlags): Promise<void> {
  if (html !== undefined) expectWritable(html)
  const rows: CostRow[] = []
  const modes = auth === undefined ? MODES : [auth]
  for (const row of measureCosts({
    sizes: replicas,
    modes,
    suite: suiteNamed(suite),
    stopwatch: processorTime,
  })) {
    rows.push(row)
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${row.protocol}, n = ${row.n}`)
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  if (json) console.log(JSON.stringify({ modes, suite, rows }, null, 2))
  else console.log(csv ? csvOf(rows) : tableOf(rows, { modes, suite }))
  if (html !== undefined) await writePage(html, { rows, smallest: replicas[0] as number, suite, modes })
  process.exitCode = rows.some(({ verdict }) => verdict === 'differs') ? 1 : 0
}

async function writePage(
  file: string,
  {
    rows,
    smallest,
    suite,
    modes,
  }: {
    readonly rows: readonly CostRow[]
    readonly smallest: number
    readonly suite: SuiteName
    readonly modes: readonly AuthenticationMode[]
  },
): Promise<void> {
  // Loaded here, because a run without a page does not need it.
  const { costsPage } = await import('../web/costs/page.ts')
  const n = smallest
  const named = suiteNamed(suite)
  const stores = modes.map((mode) => traceStore({ n, mode, suite: named, stopwatch: null }))
  const traces = [...traceGenerals(n, named), ...stores]
  const facts = {
    auth: modes.join(' and '),
    suite,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
  writeFileSync(file, costsPage({ rows, traces, facts }))
}

/** The processor time of this process, in microseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
