/**
 * Runs many seeds on all cores. Worker threads take seeds in small ranges. A share of them runs twice, because a
 * failure that its seed does not reproduce exactly is worthless.
 */
import { availableParallelism } from 'node:os'
import { parentPort, Worker } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { given } from '../../base/given.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import { SituationObserver } from '../coverage/situation-observer.ts'
import type { AdversaryCatalogue } from '../plan/adversaries.ts'
import { type SimulationResult, simulate, type Verdict } from './simulate.ts'

/** The default number of seeds that a worker takes at once. */
const SEEDS_PER_RANGE = 10
/** The maximum number of failures that are kept in full; the others are only counted. */
const FAILURES_KEPT_MAX = 100
/** The size of a worker's young generation in MiB; a run makes much short-lived garbage. */
const YOUNG_GENERATION_MIB = 64
const REPEATED_SHARE = 0.02

/** The adversaries that seeds draw, and the module that runs seeds with them in a worker thread by `serveCampaign`. */
export interface Swarm {
  readonly catalogue: AdversaryCatalogue
  readonly worker: URL
}

export interface CampaignOptions {
  readonly swarm: Swarm
  /** The first and the last seed, both included. */
  readonly from: number
  readonly to: number
  /** The cluster size of all runs; by default drawn from each seed. */
  readonly n?: number
  readonly mode?: AuthenticationMode
  /** The name of the only checker; only its violations count as failures then. */
  readonly only?: string
  /** The number of worker threads; by default the parallelism of the machine. 0 runs in this thread. */
  readonly workers?: number
  /** Seeds that a worker takes at once. */
  readonly seedsPerRange?: number
  /** The share of the seeds that run twice, to compare their traces. */
  readonly repeatedShare?: number
  /** True to count the situations that runs reach. */
  readonly countsSituations?: boolean
  /** True to start no more seeds after the first failure. */
  readonly stopsAtFailure?: boolean
  /** Called after every few seeds. */
  readonly onProgress?: (progress: CampaignProgress) => void
}

export interface CampaignProgress {
  readonly done: number
  readonly total: number
  readonly failed: number
  readonly elapsedMs: number
  readonly seedsPerSecond: number
  /** Virtual seconds per real second. */
  readonly virtualSecondsPerSecond: number
}

/** A situation, with the number of seeds that reached it, and the first of them. */
export interface SituationCount {
  readonly name: string
  readonly seeds: number
  readonly first: number
}

/** A seed whose second run differed from its first. */
export interface Divergence {
  readonly seed: number
  readonly first: string
  readonly second: string
}

export interface CampaignResult extends CampaignProgress {
  /** The worst of all verdicts: safety, then liveness, then broke. A divergence counts as broke. */
  readonly verdict: Verdict
  /** At most 100 failures, in the order of their seeds. */
  readonly failures: readonly SimulationResult[]
  readonly divergences: readonly Divergence[]
  /** Seeds that were run twice. */
  readonly repeated: number
  readonly steps: number
  readonly requests: number
  readonly restarts: number
  readonly viewChanges: number
  readonly checkpoints: number
  readonly healed: number
  /** The longest time from the calm to the end of a run, in virtual milliseconds. */
  readonly doneMsMax: number
  /** The reached situations, if they were counted, rarest first. */
  readonly situations: readonly SituationCount[]
}

/** A worker's task and its answer. */
interface Range {
  readonly from: number
  readonly to: number
  readonly n: number | null
  readonly mode: AuthenticationMode
  /** The only checker; null for all. */
  readonly only: string | null
  /** One seed in this number runs twice; 0 for none. */
  readonly repeatEvery: number
  readonly countsSituations: boolean
}

interface Tally {
  done: number
  failed: number
  readonly failures: SimulationResult[]
  readonly divergences: Divergence[]
  repeated: number
  steps: number
  requests: number
  restarts: number
  viewChanges: number
  checkpoints: number
  healed: number
  virtualMs: number
  doneMsMax: number
  /** By name: the number of seeds, and the first one. */
  readonly situations: Map<string, { readonly seeds: number; readonly first: number }>
}

type Runner = (range: Range) => Promise<Tally>

export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { from, to, swarm, workers = availableParallelism(), onProgress } = options
  const { repeatedShare = REPEATED_SHARE, seedsPerRange = SEEDS_PER_RANGE } = options
  assert(Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0, 'seeds are natural numbers')
  const total = Math.max(0, to - from + 1)
  const repeatEvery = repeatedShare > 0 ? Math.max(1, Math.round(1 / repeatedShare)) : 0
  const sum = emptyTally()
  const startedAt = performance.now()
  let next = from
  const work = async (run: Runner): Promise<void> => {
    while (next <= to && !(options.stopsAtFailure === true && sum.failed > 0)) {
      const first = next
      next += seedsPerRange
      const last = Math.min(to, next - 1)
      const { n = null, mode = 'signed', only = null, countsSituations = false } = options
      addTally(sum, await run({ from: first, to: last, n, mode, only, repeatEvery, countsSituations }))
      onProgress?.(progressOf(sum, total, startedAt))
    }
  }
  await runAll(work, swarm, Math.min(workers, Math.ceil(total / seedsPerRange)))
  sum.failures.sort((a, b) => a.seed - b.seed)
  const { failures, divergences, repeated, steps, requests, restarts, doneMsMax } = sum
  const { viewChanges, checkpoints, healed } = sum
  return {
    ...progressOf(sum, total, startedAt),
    verdict: worstVerdict(sum),
    failures,
    divergences,
    repeated,
    steps,
    requests,
    restarts,
    viewChanges,
    checkpoints,
    healed,
    doneMsMax,
    situations: rarestFirst(sum),
  }
}

const rarestFirst = ({ situations }: Tally): readonly SituationCount[] =>
  [...situations]
    .map(([name, count]) => ({ name, ...count }))
    .sort((a, b) => a.seeds - b.seeds || a.first - b.first || (a.name < b.name ? -1 : 1))

/** Runs in a worker thread: takes ranges of seeds and runs them. */
export function serveCampaign(catalogue: AdversaryCatalogue): void {
  const port = parentPort
  assert(port !== null, 'only a worker thread serves a campaign')
  port.on('message', (range: Range) => port.postMessage(runRange(range, catalogue)))
}

async function runAll(
  work: (run: Runner) => Promise<void>,
  { catalogue, worker: entry }: Swarm,
  workers: number,
): Promise<void> {
  if (workers === 0) {
    return work(async (range) => {
      const tally = runRange(range, catalogue)
      await new Promise((resolve) => setImmediate(resolve))
      return tally
    })
  }
  const started = Array.from({ length: workers }, () => startWorker(entry))
  try {
    await Promise.all(started.map(({ run }) => work(run)))
  } finally {
    await Promise.all(started.map(({ worker }) => worker.terminate()))
  }
}

function startWorker(entry: URL): { readonly worker: Worker; readonly run: Runner } {
  const worker = new Worker(entry, {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
  })
  const run: Runner = (range) =>
    new Promise((resolve, reject) => {
      const finish = (): void => {
        worker.off('message', onMessage)
        worker.off('error', onError)
      }
      const onMessage = (tally: Tally): void => {
        finish()
        resolve(tally)
      }
      const onError = (error: Error): void => {
        finish()
        reject(error)
      }
      worker.on('message', onMessage)
      worker.on('error', onError)
      worker.postMessage(range)
    })
  return { worker, run }
}

function runRange(range: Range, catalogue: AdversaryCatalogue): Tally {
  const { from, to, n, mode, only, repeatEvery, countsSituations } = range
  const tally = emptyTally()
  for (let seed = from; seed <= to; seed++) {
    const invariants = only === null ? null : [only]
    const options = { seed, mode, catalogue, ...given({ n, invariants }) }
    const observers: SituationObserver[] = []
    const observe = (size: number): SituationObserver => {
      const observer = new SituationObserver(size)
      observers.push(observer)
      return observer
    }
    const {
      plan: _plan,
      history: _history,
      ...result
    } = simulate({
      ...options,
      ...given({ observe: countsSituations ? observe : undefined }),
    })
    addTally(tally, tallyOf(result, isFailure(result, only ?? undefined), observers))
    if (repeatEvery === 0 || seed % repeatEvery !== 0) continue
    const { traceHash } = simulate(options)
    tally.repeated++
    if (traceHash !== result.traceHash) {
      tally.divergences.push({ seed, first: result.traceHash, second: traceHash })
    }
  }
  return tally
}

function emptyTally(): Tally {
  return {
    done: 0,
    failed: 0,
    failures: [],
    divergences: [],
    repeated: 0,
    steps: 0,
    requests: 0,
    restarts: 0,
    viewChanges: 0,
    checkpoints: 0,
    healed: 0,
    virtualMs: 0,
    doneMsMax: 0,
    situations: new Map(),
  }
}

/** True for a failed run; with a single checker, for a run with a violation of it. */
export const isFailure = (
  { verdict }: Pick<SimulationResult, 'verdict'>,
  only: string | undefined,
): boolean => (only === undefined ? verdict !== 'held' : verdict === 'safety')

function tallyOf(result: SimulationResult, failed: boolean, observers: readonly SituationObserver[]): Tally {
  const { steps, requests, restarts, virtualMs, doneMs } = result
  const { viewChanges, checkpoints, healed } = result
  const failures = failed ? [result] : []
  return {
    ...emptyTally(),
    done: 1,
    failed: failures.length,
    failures,
    steps,
    requests,
    restarts,
    viewChanges,
    checkpoints,
    healed,
    virtualMs,
    doneMsMax: doneMs ?? 0,
    situations: new Map(
      observers.flatMap(({ reached }) =>
        [...reached].map((name) => [name, { seeds: 1, first: result.seed }] as const),
      ),
    ),
  }
}

function addTally(sum: Tally, part: Tally): void {
  sum.done += part.done
  sum.failed += part.failed
  sum.failures.push(...part.failures.slice(0, FAILURES_KEPT_MAX - sum.failures.length))
  sum.divergences.push(...part.divergences)
  sum.repeated += part.repeated
  sum.steps += part.steps
  sum.requests += part.requests
  sum.restarts += part.restarts
  sum.viewChanges += part.viewChanges
  sum.checkpoints += part.checkpoints
  sum.healed += part.healed
  sum.virtualMs += part.virtualMs
  sum.doneMsMax = Math.max(sum.doneMsMax, part.doneMsMax)
  for (const [name, { seeds, first }] of part.situations) {
    const known = sum.situations.get(name) ?? { seeds: 0, first }
    sum.situations.set(name, { seeds: known.seeds + seeds, first: Math.min(known.first, first) })
  }
}

function progressOf({ done, failed, virtualMs }: Tally, total: number, startedAt: number): CampaignProgress {
  const elapsedMs = performance.now() - startedAt
  return {
    done,
    total,
    failed,
    elapsedMs,
    seedsPerSecond: (1000 * done) / elapsedMs,
    virtualSecondsPerSecond: virtualMs / elapsedMs,
  }
}

function worstVerdict({ failures, divergences }: Tally): Verdict {
  const verdicts = new Set<Verdict>(failures.map(({ verdict }) => verdict))
  if (verdicts.has('safety')) return 'safety'
  if (verdicts.has('liveness')) return 'liveness'
  return verdicts.has('broke') || divergences.length > 0 ? 'broke' : 'held'
}
