/**
 * Each seeded mistake must be noticed. Run by `npm run mutants` on a fresh build. MUTANT_SEEDS gives the number of seeds.
 * MUTANT_BY=runs asks instead whether those that a test of a rule notices are really seen by no run of a cluster.
 * MUTANT_BY=specification lets the specification alone judge the mistakes of the core, in scenarios and seeds: it must
 * notice at least half of them.
 */
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { given } from '../../src/base/given.ts'
import { builtFile } from '../kit/built-program.ts'
import { hunt, type Kill } from './hunt.ts'
import type { Mutant } from './mutant.ts'
import { MUTANTS } from './mutants.ts'
import { placeOfPatch, readBuiltFiles } from './patch-place.ts'

const SEEDS_MAX = Number(process.env.MUTANT_SEEDS ?? 200)
const IS_BY_RUNS_ONLY = process.env.MUTANT_BY === 'runs'

/** The checker that judges alone, where one does. */
const ONLY = process.env.MUTANT_BY === 'specification' ? 'specification' : undefined
const NOTICED_SHARE_MIN = 0.5

const rows: { readonly mutant: Mutant; readonly kill: Kill }[] = []

afterAll(() => {
  const killed = rows.filter(({ kill }) => kill.by !== null)
  const seeds = killed.flatMap(({ kill: { seed } }) => (seed === null ? [] : [seed])).sort((a, b) => a - b)
  const countOf = (by: Kill['by']) => killed.filter(({ kill }) => kill.by === by).length
  const table = rows
    .toSorted((a, b) => MUTANTS.indexOf(a.mutant) - MUTANTS.indexOf(b.mutant))
    .map(({ mutant, kill }) => textOf(mutant, kill))
  const rate = `${killed.length} of ${rows.length} mutants killed`
  const ways = `${countOf('scenario')} by a scenario, ${countOf('attack')} by an attack, ${countOf('seed')} by a seed, ${countOf('paper test')} by a test of the rule`
  const median = seeds[Math.floor(seeds.length / 2)] ?? 'none'
  console.log([...table, `${rate}: ${ways}; the median seed: ${median}`].join('\n'))
  if (ONLY !== undefined) expect(killed.length / rows.length).toBeGreaterThanOrEqual(NOTICED_SHARE_MIN)
})

const textOf = ({ rule, name }: Mutant, { by, what }: Kill): string =>
  `${rule.padEnd(5)}${name.padEnd(80)} ${by === null ? 'SURVIVED' : by} (${what})`

const built = readBuiltFiles(join(import.meta.dirname, '..', '..'))
const CORE = builtFile('src/pbft/')
const isOfCore = (mutant: Mutant): boolean => placeOfPatch(mutant, built).file.startsWith(CORE)

function huntedMutants(): readonly Mutant[] {
  if (ONLY !== undefined) return MUTANTS.filter(isOfCore)
  if (!IS_BY_RUNS_ONLY) return MUTANTS
  return MUTANTS.filter(({ paper, attack }) => paper !== undefined && attack === undefined)
}

const TITLE = IS_BY_RUNS_ONLY ? 'no run shows it' : 'every mutant is killed'

describe(ONLY === undefined ? TITLE : `the ${ONLY} alone judges`, () => {
  // Two at once: the end of a hunt, and a test of a rule, keep one core busy.
  for (const mutant of huntedMutants()) {
    it.concurrent(`${mutant.rule} ${mutant.name}`, async () => {
      const kill = await hunt(mutant, {
        seedsMax: SEEDS_MAX,
        isByRunsOnly: IS_BY_RUNS_ONLY,
        ...given({ only: ONLY }),
      })
      rows.push({ mutant, kill })
      console.log(textOf(mutant, kill))
      if (ONLY !== undefined) return
      if (IS_BY_RUNS_ONLY) expect(kill).toMatchObject({ by: null })
      else expect(kill.by).not.toBeNull()
    })
  }
})
