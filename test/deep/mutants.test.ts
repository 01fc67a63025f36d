/**
 * Some of the mutants must be noticed: those of files that the last commit changed, and a fixed slice of all. `npm run
 * mutants` hunts every one.
 */
import { execFileSync } from 'node:child_process'
import { afterAll, expect, test } from 'vitest'
import { builtFile, ROOT } from '../kit/built-program.ts'
import { hunt } from '../mutants/hunt.ts'
import type { Mutant } from '../mutants/mutant.ts'
import { MUTANTS } from '../mutants/mutants.ts'
import { placeOfPatch, readBuiltFiles } from '../mutants/patch-place.ts'
import { TimeShare } from './time-share.ts'

/** One mutant in this number is in the slice. */
const SLICE_STEP = 23
const MUTANTS_MAX = 24
const SEEDS_MAX = 100

const share = new TimeShare(0.12)
let killed = 0
afterAll(() =>
  console.log(`${killed} of ${chosen.length} chosen mutants killed; there are ${MUTANTS.length}`),
)

/** The built files of sources that the last commit changed; none without a history. */
function changedFiles(): ReadonlySet<string> {
  try {
    const args = ['diff', '--name-only', 'HEAD~1', '--', 'src', 'replicas', 'clients']
    const names = execFileSync('git', args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return new Set(names.split('\n').map(builtFile))
  } catch {
    return new Set()
  }
}

function choose(): readonly Mutant[] {
  const changed = changedFiles()
  const files = readBuiltFiles(ROOT)
  const ofChanged = MUTANTS.filter((mutant) => changed.has(placeOfPatch(mutant, files).file))
  const slice = MUTANTS.filter((_, index) => index % SLICE_STEP === 0)
  // Of both something, also where a commit changed much.
  const some = ofChanged.slice(0, MUTANTS_MAX - slice.length)
  return [...new Set([...some, ...slice])].slice(0, MUTANTS_MAX)
}
const chosen = choose()

test.for(chosen)('$rule $name', async (mutant, context) => {
  const refusal = share.refusal()
  if (refusal !== null) return context.skip(refusal)
  const kill = await hunt(mutant, { seedsMax: SEEDS_MAX, isByRunsOnly: false })
  expect(kill).toMatchObject({ by: expect.any(String) })
  killed += 1
})
