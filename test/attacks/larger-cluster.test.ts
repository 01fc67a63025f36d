/** The attacks of several traitors on seven replicas. */
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../attacks/catalogue.ts'
import { attackInSimulator } from '../../attacks/run/in-simulator.ts'

/** They last so long that seven replicas take ten seconds for each; `strategos attack` runs them. */
const LONG = ['slow-primary', 'adaptive-slow']
const attacks = [...CATALOGUE.values()].filter(
  ({ name, traitors }) => traitors(7).length > 1 && !LONG.includes(name),
)

test.each(attacks)('$name', (attack) => {
  const { facts, faults } = attackInSimulator(attack, { n: 7, seed: 3, lastsMs: 1_000 })
  expect(faults).toEqual([])
  expect(facts.acts).toBeGreaterThan(0)
})
