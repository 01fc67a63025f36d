/**
 * Each seeded mistake must be noticed. Run by `npm run mutants` on a fresh build. MUTANT_SEEDS gives the number of seeds.
 * MUTANT_BY=runs asks instead whether those that a test of a rule notices are really seen by no run of a cluster.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { hunt, type Kill } from './hunt.ts'
import type { Mutant } from './mutant.ts'
import { MUTANTS } from './mutants.ts'

const SEEDS_MAX = Number(process.env.MUTANT_SEEDS ?? 200)
const IS_BY_RUNS_ONLY = process.env.MUTANT_BY === 'runs'

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
})

const textOf = ({ rule, name }: Mutant, { by, what }: Kill): string =>
  `${rule.padEnd(5)}${name.padEnd(80)} ${by === null ? 'SURVIVED' : by} (${what})`

const hunted = IS_BY_RUNS_ONLY
  ? MUTANTS.filter(({ paper, attack }) => paper !== undefined && attack === undefined)
  : MUTANTS

describe(IS_BY_RUNS_ONLY ? 'no run shows it' : 'every mutant is killed', () => {
  // Two at once: the end of a hunt, and a test of a rule, keep one core busy.
  for (const mutant of hunted) {
    it.concurrent(`${mutant.rule} ${mutant.name}`, async () => {
      const kill = await hunt(mutant, { seedsMax: SEEDS_MAX, isByRunsOnly: IS_BY_RUNS_ONLY })
      rows.push({ mutant, kill })
      console.log(textOf(mutant, kill))
      if (IS_BY_RUNS_ONLY) expect(kill).toMatchObject({ by: null })
      else expect(kill.by).not.toBeNull()
    })
  }
})
