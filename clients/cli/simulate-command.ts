/** The command simulate: it runs one seed in detail, or many on all cores. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { SWARM, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { runSwarm } from '../../attacks/run/simulated/swarm-campaign.ts'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { createCheckers } from '../../src/simulator/checkers/invariant-monitor.ts'
import type { Plan } from '../../src/simulator/plan/plan.ts'
import { decodePlan, encodePlan } from '../../src/simulator/plan/plan-file.ts'
import { type CampaignProgress, isFailure } from '../../src/simulator/runs/campaign.ts'
import { investigate } from '../../src/simulator/runs/investigate.ts'
import { SCENARIOS } from '../../src/simulator/runs/scenarios.ts'
import {
  type DetailedResult,
  type SimulationResult,
  VERDICT_EXIT_CODES,
  type Verdict,
} from '../../src/simulator/runs/simulate.ts'
import { runTwinsCampaign } from '../../src/simulator/runs/twins.ts'
import type { SeedRange } from './option-values.ts'
import { expectWritable } from './output-file.ts'
import { momentAfter, showMoment, writePlayground } from './simulated-moment.ts'
import { situationRows, situationsTable } from './situations-table.ts'

export interface SimulateFlags {
  readonly seed?: number
  readonly seeds?: SeedRange
  readonly plan?: string
  readonly replicas?: number
  readonly auth: AuthenticationMode
  readonly savePlan?: string
  readonly twins?: true
  readonly scenarios?: true
  readonly untilFailure?: true
  readonly only?: string
  readonly trace?: true
  readonly sometimes?: true
  readonly steps?: number
  readonly playground?: string
  readonly shrink: boolean
  readonly json?: true
}

export async function runSimulations(flags: SimulateFlags): Promise<void> {
  const { seeds, savePlan, playground } = flags
  for (const file of [savePlan, playground]) if (file !== undefined) expectWritable(file)
  watchedBy(flags)
  if (seeds !== undefined) await runMany(seeds, flags)
  else if (flags.twins) runTwins(flags)
  else if (flags.scenarios) runScenarios(flags)
  else runOne(flags)
}

function runOne(flags: SimulateFlags): void {
  const plan = flags.plan === undefined ? undefined : readPlan(flags.plan)
  const options = {
    seed: plan?.seed ?? flags.seed ?? 1,
    mode: flags.auth,
    ...given({
      plan,
      n: flags.replicas,
      invariants: watchedBy(flags),
      trace: flags.trace ? (line: string) => console.log(line) : undefined,
    }),
  }
  if (flags.steps === undefined) report(simulateSwarm(options), flags)
  else showMoment(momentAfter(options, flags.steps), flags)
}

/** The checker that --only names. */
function watchedBy({ only }: SimulateFlags): readonly string[] | undefined {
  if (only === undefined) return undefined
  const context = { n: 4, clients: 0, isCorrect: () => true, now: () => 0 }
  const names = createCheckers(context).map(({ name }) => name)
  if (names.includes(only)) return [only]
  throw new OperatorError(`There is no checker "${only}". Use one of: ${[...new Set(names)].join(', ')}.`)
}

function readPlan(path: string): Plan {
  const plan = decodePlan(readFileSync(path, 'utf8'), SWARM)
  if (typeof plan === 'string') throw new OperatorError(`${path}: ${plan}`)
  return plan
}

function report(result: DetailedResult, flags: SimulateFlags): void {
  const { plan: _plan, history: _history, ...facts } = result
  if (flags.json) console.log(JSON.stringify(facts, null, 2))
  else console.log(describe(result))
  const shown = result.verdict === 'held' ? result.plan : tellMore(result, flags)
  if (flags.playground !== undefined) writePlayground(flags.playground, shown)
  process.exitCode = VERDICT_EXIT_CODES[result.verdict]
}

/**
 * Prints the smallest plan that fails in the same way, and the last steps of its run; on standard error with --json.
 */
function tellMore(result: DetailedResult, { json, shrink, savePlan }: SimulateFlags): Plan {
  const say = json ? console.error : console.log
  const commit = commitOf()
  if (commit !== null) say(`commit ${commit}`)
  if (shrink) {
    const found = investigate(result, SWARM)
    const { faults, workload } = found.plan
    say(`\nshrunk in ${found.tries} tries to ${faults.length} faults, ${workload.clients} clients with`)
    say(`${workload.requestsPerClient} requests each:\n${found.result.explanation.slice(0, -1).join('\n')}`)
    say(`\n${found.diagram.join('\n')}`)
    savePlanOf(found.plan, savePlan, say)
    return found.plan
  }
  savePlanOf(result.plan, savePlan, say)
  return result.plan
}

function savePlanOf(plan: Plan, path: string | undefined, say: (line: string) => void): void {
  const text = encodePlan(plan)
  if (path === undefined) return say(`\n${text}\nSave it and run: strategos simulate --plan FILE`)
  writeFileSync(path, text)
  say(`\nReplay it: strategos simulate --plan ${path}`)
}

/** The commit of this program, if it runs from a repository. */
function commitOf(): string | null {
  const git = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' })
  return git.status === 0 ? git.stdout.trim() : null
}

function runScenarios(flags: SimulateFlags): void {
  let verdict: Verdict = 'held'
  for (const { name, does, plan } of SCENARIOS) {
    const watched = given({ invariants: watchedBy(flags) })
    const result = simulateSwarm({ seed: plan.seed, plan: { ...plan, mode: flags.auth }, ...watched })
    const { explanation } = result.violation ?? {}
    if (flags.json) console.log(JSON.stringify({ scenario: name, verdict: result.verdict, explanation }))
    else console.log(`${name} (${does}): ${result.verdict}`)
    if (!isFailure(result, flags.only)) continue
    if (!flags.json) console.log(describe(result))
    if (verdict === 'held') verdict = result.verdict
    if (flags.untilFailure) break
  }
  process.exitCode = VERDICT_EXIT_CODES[verdict]
}

function runTwins({ json, auth, replicas = 4 }: SimulateFlags): void {
  const result = runTwinsCampaign({ n: replicas, mode: auth })
  if (json) console.log(JSON.stringify(result, null, 2))
  else {
    for (const { scenario, explanation } of result.failures) {
      console.log(`${scenario}\n${explanation.join('\n')}\n`)
    }
    const { scenarios, failed, viewsMax, seconds } = result
    const pace = `${(scenarios / seconds).toFixed(1)} a second, up to view ${viewsMax}`
    console.log(`${scenarios} scenarios of twins, ${failed} failed, ${pace}`)
  }
  process.exitCode = result.failed === 0 ? 0 : VERDICT_EXIT_CODES.safety
}

function describe(result: SimulationResult): string {
  const { seed, n, verdict, traceHash, steps, virtualMs, doneMs, requests, batches, restarts } = result
  const { viewChanges, checkpoints, healed } = result
  const lines = [
    `seed ${seed}, n = ${n}: ${verdict}`,
    `${steps} steps, ${requests} requests in ${batches} batches, ${restarts} restarts, ${virtualMs} virtual ms`,
    `${viewChanges} view changes, ${checkpoints} stable checkpoints, ${healed} replicas healed`,
    doneMs === null ? 'not settled' : `all done ${doneMs} virtual ms after the calm`,
    `trace ${traceHash}`,
  ]
  return [...lines, ...result.explanation].join('\n')
}

async function runMany(seeds: SeedRange, flags: SimulateFlags): Promise<void> {
  const result = await runSwarm({
    ...seeds,
    mode: flags.auth,
    ...given({ n: flags.replicas, stopsAtFailure: flags.untilFailure, only: flags.only }),
    ...given({ countsSituations: flags.sometimes }),
    ...given({ onProgress: process.stderr.isTTY ? showProgress : undefined }),
  })
  if (process.stderr.isTTY) process.stderr.write('\n')
  const situations = situationRows(flags.auth, result.situations)
  if (flags.json) {
    console.log(JSON.stringify(flags.sometimes ? { ...result, situations } : result, null, 2))
  } else {
    if (flags.sometimes) console.log(`${situationsTable(situations)}\n`)
    for (const failure of result.failures) console.log(`${describe(failure)}\n`)
    const [first] = result.failures
    if (first !== undefined) {
      tellMore(
        simulateSwarm({
          seed: first.seed,
          mode: flags.auth,
          ...given({ n: flags.replicas, invariants: watchedBy(flags) }),
        }),
        flags,
      )
    }
    for (const { seed } of result.divergences) console.log(`seed ${seed} did not take the same course twice`)
    const { done, failed, repeated, steps, requests, restarts, doneMsMax, viewChanges, healed } = result
    console.log(`${done} seeds, ${failed} failed, ${repeated} run twice: ${result.verdict}`)
    console.log(`${steps} steps, ${requests} requests, ${restarts} restarts`)
    console.log(
      `${viewChanges} view changes, ${result.checkpoints} stable checkpoints, ${healed} replicas healed`,
    )
    console.log(`the slowest was done ${doneMsMax} virtual ms after its calm`)
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
