/** Each seeded mistake must be noticed. Run by `npm run mutants` on a fresh build; the seeds can be given by MUTANT_SEEDS. */
import { afterAll, describe, expect, it } from 'vitest'
import { hunt, type Kill } from './hunt.ts'
import { MUTANTS } from './mutants.ts'

const SEEDS_MAX = Number(process.env.MUTANT_SEEDS ?? 200)

const kills: Kill[] = []

afterAll(() => {
  const killed = kills.filter(({ by }) => by !== null)
  const seeds = killed.flatMap(({ seed }) => (seed === null ? [] : [seed])).sort((a, b) => a - b)
  const median = seeds[Math.floor(seeds.length / 2)] ?? 'none'
  const rate = `${killed.length} of ${kills.length} mutants killed`
  console.log(
    `${rate}, ${killed.length - seeds.length} of them by a scenario; the median seed of the others: ${median}`,
  )
})

describe('every mutant is killed', () => {
  for (const mutant of MUTANTS) {
    it(`${mutant.rule} ${mutant.name}`, async () => {
      const kill = await hunt(mutant, SEEDS_MAX)
      kills.push(kill)
      console.log(`${mutant.rule.padEnd(4)} ${mutant.name}: ${kill.by ?? 'SURVIVED'} (${kill.what})`)
      expect(kill.by).not.toBeNull()
    })
  }
})
