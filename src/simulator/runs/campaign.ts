/**
 * Many seeds on all cores. Seeds go to worker threads in small ranges; a share of them runs twice, because a run that
 * its seed does not repeat exactly is worth nothing as a finding.
 */
import { availableParallelism } from 'node:os'
import { parentPort, Worker } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { given } from '../../base/given.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import { SituationObserver } from '../coverage/situation-observer.ts'
import type { AdversaryCatalogue } from '../plan/adversaries.ts'
import { type SimulationResult, simulate, type Verdict } from './simulate.ts'

/** Seeds that a worker takes at once, if not told otherwise. */
const SEEDS_PER_RANGE = 10
/** Failures that are kept with all they say; the others are counted. */
const FAILURES_KEPT_MAX = 100
/** MiB of a worker's young generation: a run makes much short-lived garbage. */
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
  /** One cluster size for all; drawn from each seed when left out. */
  readonly n?: number
  readonly mode?: AuthenticationMode
  /** The name of the only checker that watches; nothing but what it says is a failure then. */
  readonly only?: string
  /** Worker threads; as many as the machine runs in parallel when left out. 0 runs in this thread. */
  readonly workers?: number
  /** Seeds that a worker takes at once. */
  readonly seedsPerRange?: number
  /** The share of the seeds that run twice, to compare their traces. */
  readonly repeatedShare?: number
  /** True if the situations that runs come to are counted. */
  readonly countsSituations?: boolean
  /** True if no more seeds are begun after the first failure. */
  readonly stopsAtFailure?: boolean
  /** Told after every few seeds. */
  readonly onProgress?: (progress: CampaignProgress) => void
}

export interface CampaignProgress {
  readonly done: number
  readonly total: number
  readonly failed: number
  readonly elapsedMs: number
  readonly seedsPerSecond: number
  /** Virtual seconds that passed in one real second. */
  readonly virtualSecondsPerSecond: number
}

/** A situation: the seeds that came to it, and the first of them. */
export interface SituationCount {
  readonly name: string
  readonly seeds: number
  readonly first: number
}

/** A seed whose second run was not like its first. */
export interface Divergence {
  readonly seed: number
  readonly first: string
  readonly second: string
}

export interface CampaignResult extends CampaignProgress {
  /** The worst of all verdicts: safety, then liveness, then broke. A divergence counts as broke. */
  readonly verdict: Verdict
  /** At most the first 100, in the order of their seeds. */
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
  /** The longest time from a calm until all was done, in virtual milliseconds. */
  readonly doneMsMax: number
  /** The situations that were reached, if they were counted; the rarest first. */
  readonly situations: readonly SituationCount[]
}

/** A worker's task and its answer. */
interface Range {
  readonly from: number
  readonly to: number
  readonly n: number | null
  readonly mode: AuthenticationMode
  /** The only checker that watches; null for all. */
  readonly only: string | null
  /** Every so many seeds one runs twice; 0 for none. */
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

/** True for a run that did not hold; where one checker watches, for one that it has something to say of. */
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
