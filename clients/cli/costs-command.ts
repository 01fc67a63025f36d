/** costs: what agreement costs, counted, beside what was proved. */
import { writeFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { OperatorError } from '../../src/base/operator-error.ts'
import { isClusterSize } from '../../src/base/quorum.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import type { SuiteName } from '../../src/ports.ts'
import { type CostRow, measureCosts } from '../../src/simulator/costs/costs.ts'
import { traceGenerals } from '../../src/simulator/costs/measure-generals.ts'
import { traceStore } from '../../src/simulator/costs/measure-store.ts'
import { csvOf, tableOf } from './costs-table.ts'

interface Flags {
  readonly replicas: readonly number[]
  readonly suite: 'sodium' | 'noble'
  readonly auth?: AuthenticationMode
  readonly json?: true
  readonly csv?: true
  readonly html?: string
}

/** How the store's replicas authenticate what they say, where nobody asks for one of them. */
const MODES: readonly AuthenticationMode[] = ['signed', 'oral']

const HELP = `
Every figure is counted in a run, per decision; none is computed. Beside the messages stands
the closed form; a row whose messages or rounds differ from it fails the command.

messages  physical sends, none to oneself; of the store, the kinds that the row names
rounds    the round of the last decision, or the longest chain of messages each of which was
          caused by the one before
bytes     of the classical algorithms the letters' contents, of the store whole frames with
          their tags
signed    signatures made, and checked; the mean, where a client may stop checking
macs      inside messages, made and checked: of the store in oral mode, one for each receiver,
          beside their closed forms below the table
tags      the MAC behind each frame of a link between processes, made and checked
hashes    SHA-256, of all processes together
cpu µs    processor time of all processes together, simulator included; of another run, so
          that counting costs nothing. It differs from run to run.

Exit codes: 0 every row as proved, 1 a row differs, 2 wrong usage.`

export function addCostsCommand(program: Command): void {
  program
    .command('costs')
    .description('count what each agreement protocol and the store cost, beside what was proved')
    .option('--replicas <list>', '4, 7, 10 or 13, or several of them', clusterSizes, [4, 7, 10])
    .addOption(new Option('--suite <suite>', 'who signs').choices(['sodium', 'noble']).default('sodium'))
    .addOption(new Option('--auth <mode>', 'of the store').choices(['signed', 'oral']))
    .addOption(new Option('--json', 'print the rows as JSON').conflicts('csv'))
    .option('--csv', 'print the rows as comma-separated values')
    .option('--html <file>', 'also write a page with charts and one decision of each drawn')
    .addHelpText('after', HELP)
    .action(costs)
}

function clusterSizes(text: string): readonly number[] {
  const sizes = text.split(',').map(Number)
  if (!sizes.every(isClusterSize)) throw new InvalidArgumentError('It is no list such as 4,7,10,13.')
  return [...new Set(sizes)].sort((a, b) => a - b)
}

async function costs({ replicas, suite, auth, json, csv, html }: Flags): Promise<void> {
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
  // Loaded here: who asks for no page need not wait for it.
  const { costsPage } = await import('../costs/page.ts')
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
  try {
    writeFileSync(file, costsPage({ rows, traces, facts }))
  } catch (error) {
    throw new OperatorError(`${file} cannot be written: ${error instanceof Error ? error.message : error}`)
  }
}

/** Of this process, in microseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
