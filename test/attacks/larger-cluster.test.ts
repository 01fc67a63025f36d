/** The attacks of several traitors on seven replicas. */
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../attacks/catalogue/catalogue.ts'
import { attackInSimulator } from '../../attacks/run/simulated/in-simulator.ts'
import { IS_DEEP } from '../kit/depth.ts'

/** They last so long that seven replicas take ten seconds for each; `strategos attack` runs them. */
const LONG = ['slow-primary', 'adaptive-slow']
/** Two traitors can do together what one alone cannot. The deep run tries all attacks with two. */
const TOGETHER = ['two-worlds']
const attacks = [...CATALOGUE.values()].filter(
  ({ name, traitors }) =>
    traitors(7).length > 1 && !LONG.includes(name) && (IS_DEEP || TOGETHER.includes(name)),
)

test('there are all that are named', () => {
  const names = attacks.map(({ name }) => name)
  expect(TOGETHER.filter((name) => !names.includes(name))).toEqual([])
})

test.each(attacks)('$name', (attack) => {
  const { facts, faults } = attackInSimulator(attack, { n: 7, seed: 3, lastsMs: 1_000 })
  expect(faults).toEqual([])
  expect(facts.acts).toBeGreaterThan(0)
})
