/** simulate: one seed in detail, or many on all cores. */
import { type Command, InvalidArgumentError } from 'commander'
import { OperatorError } from '../../src/base/operator-error.ts'
import { isClusterSize } from '../../src/base/quorum.ts'
import { type CampaignProgress, runCampaign } from '../../src/simulator/campaign.ts'
import { type SimulationResult, simulate, VERDICT_EXIT_CODES } from '../../src/simulator/simulate.ts'
import { wholeNumber } from './cluster-commands.ts'

interface Flags {
  readonly seed?: number
  readonly seeds?: { readonly from: number; readonly to: number }
  readonly replicas?: number
  readonly trace?: true
  readonly json?: true
}

export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description(
      'run a virtual cluster with faults drawn from a seed, every invariant checked after every step',
    )
    .option('--seed <x>', 'one run', wholeNumber)
    .option('--seeds <a..b>', 'many runs, on all cores', seedRange)
    .option('--replicas <n>', '4, 7 or 10; drawn from the seed when left out', wholeNumber)
    .option('--trace', 'with --seed: print every step')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExit codes: 0 held, 127 the program broke, 128 liveness, 129 safety.')
    .action(runSimulations)
}

function seedRange(text: string): { readonly from: number; readonly to: number } {
  const match = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text)
  const from = Number(match?.[1])
  const to = Number(match?.[2])
  if (match === null || to < from) throw new InvalidArgumentError('It is no range such as 1..2000.')
  return { from, to }
}

async function runSimulations(flags: Flags): Promise<void> {
  const { seed, seeds, replicas: n } = flags
  if (n !== undefined && !isClusterSize(n))
    throw new OperatorError(`--replicas must be 4, 7, 10 or 13, not ${n}.`)
  if (seeds !== undefined) await runMany(seeds, flags)
  else runOne(seed ?? 1, flags)
}

function runOne(seed: number, flags: Flags): void {
  const result = simulate({
    seed,
    ...(flags.replicas === undefined ? {} : { n: flags.replicas }),
    ...(flags.trace ? { trace: (line: string) => console.log(line) } : {}),
  })
  const { plan: _plan, history: _history, ...facts } = result
  if (flags.json) console.log(JSON.stringify(facts, null, 2))
  else console.log(describe(result))
  process.exitCode = VERDICT_EXIT_CODES[result.verdict]
}

function describe(result: SimulationResult): string {
  const { seed, n, verdict, traceHash, steps, virtualMs, settledMs, requests, batches, restarts } = result
  const lines = [
    `seed ${seed}, n = ${n}: ${verdict}`,
    `${steps} steps, ${requests} requests in ${batches} batches, ${restarts} restarts, ${virtualMs} virtual ms`,
    settledMs === null ? 'not settled' : `all done ${settledMs} virtual ms after the calm`,
    `trace ${traceHash}`,
  ]
  return [...lines, ...result.explanation].join('\n')
}

async function runMany(seeds: { readonly from: number; readonly to: number }, flags: Flags): Promise<void> {
  const result = await runCampaign({
    ...seeds,
    ...(flags.replicas === undefined ? {} : { n: flags.replicas }),
    ...(process.stderr.isTTY ? { onProgress: showProgress } : {}),
  })
  if (process.stderr.isTTY) process.stderr.write('\n')
  if (flags.json) {
    console.log(JSON.stringify(result, null, 2))
  } else {
    for (const failure of result.failures) console.log(`${describe(failure)}\n`)
    for (const { seed } of result.divergences) console.log(`seed ${seed} took another course the second time`)
    const { done, failed, repeated, steps, requests, restarts, settledMsMax } = result
    console.log(`${done} seeds, ${failed} failed, ${repeated} run twice: ${result.verdict}`)
    console.log(`${steps} steps, ${requests} requests, ${restarts} restarts`)
    console.log(`the slowest was done ${settledMsMax} virtual ms after its calm`)
    console.log(rates(result))
  }
  process.exitCode = VERDICT_EXIT_CODES[result.verdict]
}

const rates = ({ elapsedMs, seedsPerSecond, virtualSecondsPerSecond }: CampaignProgress): string =>
  `${(elapsedMs / 1000).toFixed(1)} s, ${seedsPerSecond.toFixed(1)} seeds/s, ${virtualSecondsPerSecond.toFixed(0)} virtual seconds/s`

function showProgress(progress: CampaignProgress): void {
  process.stderr.write(
    `\r${progress.done}/${progress.total} seeds, ${progress.failed} failed, ${rates(progress)}  `,
  )
}
