/** The command search: it searches for failures with fresh seeds until it is interrupted, and records its progress. */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'
import { simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { runSwarm } from '../../attacks/run/simulated/swarm-campaign.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { search } from '../../src/simulator/runs/search.ts'
import {
  decodeLog,
  encodeRecord,
  type SearchRecord,
  sumOfEffort,
} from '../../src/simulator/runs/search-log.ts'
import { VERDICT_EXIT_CODES, type Verdict } from '../../src/simulator/runs/simulate.ts'
import { expectWritable } from './output-file.ts'
import { interruptible } from './process-end.ts'

export interface SearchFlags {
  readonly record: string
  readonly minutes?: number
}

const MS_PER_MINUTE = 60_000

export async function runSearch({ record, minutes }: SearchFlags): Promise<void> {
  expectWritable(record)
  const known = readLog(record)
  const endsAtMs =
    minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * MS_PER_MINUTE
  const { signal, stop } = interruptible()
  signal.addEventListener('abort', () =>
    console.error('Interrupted: the search stops after the current range.'),
  )
  let verdict: Verdict = 'held'
  const made: SearchRecord[] = []
  try {
    await search({
      known,
      runRange: ({ from, to, n, mode }) =>
        runSwarm({ from, to, n, mode, seedsPerRange: 1, repeatedShare: 0 }),
      simulate: simulateSwarm,
      keep: (one) => {
        appendFileSync(record, encodeRecord(one))
        made.push(one)
        console.log(lineOf(one))
        if (one.kind === 'finding' && verdict === 'held') verdict = one.verdict
      },
      isOver: () => signal.aborted || performance.now() >= endsAtMs,
    })
  } finally {
    stop()
  }
  const { seeds, failed, steps, requests, elapsedMs } = sumOfEffort([...known, ...made])
  const time = `${(elapsedMs / MS_PER_MINUTE).toFixed(1)} minutes`
  console.log(`${seeds} seeds so far, ${failed} failed; ${steps} steps, ${requests} requests, ${time}`)
  process.exitCode = VERDICT_EXIT_CODES[verdict]
}

function readLog(path: string): readonly SearchRecord[] {
  if (!existsSync(path)) return []
  const text = readFileSync(path, 'utf8')
  const records = decodeLog(text)
  if (typeof records === 'string') throw new OperatorError(`${path}: ${records} Name another --record.`)
  // A killed search may leave an incomplete line. It is removed, so that the next record begins on its own line.
  if (!text.endsWith('\n')) truncateSync(path, Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)))
  return records
}

function lineOf(record: SearchRecord): string {
  const { mode, n } = record
  if (record.kind === 'effort') {
    const { from, to, failed, steps, elapsedMs } = record
    return `${mode}, n = ${n}: seeds ${from}..${to}, ${failed} failed, ${steps} steps, ${elapsedMs} ms`
  }
  const { seed, verdict, explanation, replay, plan, tries } = record
  const size = `${plan.faults.length} faults after ${tries} tries`
  return `seed ${seed} of ${mode}, n = ${n}: ${verdict}, shrunk to ${size}\n${explanation[0] ?? ''}\nreplay: ${replay}`
}
