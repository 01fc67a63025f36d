/**
 * Explores every run of a synchronous algorithm with a bounded number of crashes: of any process, in any round, with
 * any subset of its last messages still arriving.
 */
import type { Algorithm, Value } from '../../classics/process.ts'
import type { AgreementRun } from './run.ts'
import { type Crash, runRounds } from './run-rounds.ts'

export function* everyCrash<State>(options: {
  readonly algorithm: Algorithm<State>
  readonly values: readonly Value[]
  readonly crashesMax: number
}): Generator<{ readonly crashes: readonly Crash[]; readonly run: AgreementRun }> {
  const { algorithm, values, crashesMax } = options
  for (const crashes of crashPlans({ n: algorithm.n, rounds: algorithm.rounds ?? 0, most: crashesMax })) {
    yield { crashes, run: runRounds({ algorithm, values, crashes }) }
  }
}

/** Plans of at most `most` crashes, each process at most once, in the order of the processes. */
function* crashPlans(
  size: { readonly n: number; readonly rounds: number; readonly most: number },
  from = 0,
): Generator<readonly Crash[]> {
  yield []
  const { n, rounds, most } = size
  if (most === 0) return
  for (let process = from; process < n; process++) {
    for (let round = 1; round <= rounds; round++) {
      for (let mask = 0; mask < 2 ** n; mask++) {
        if ((mask & (1 << process)) !== 0) continue
        const reaches = Array.from({ length: n }, (_, id) => id).filter((id) => (mask & (1 << id)) !== 0)
        for (const others of crashPlans({ ...size, most: most - 1 }, process + 1)) {
          yield [{ process, round, reaches }, ...others]
        }
      }
    }
  }
}
