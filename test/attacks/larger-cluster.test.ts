/** Every attack of the catalogue on seven replicas, two of them traitors. */
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../attacks/catalogue.ts'
import { attackInSimulator } from '../../attacks/run/in-simulator.ts'

test.each([...CATALOGUE.values()])('$name', (attack) => {
  const { facts, faults } = attackInSimulator(attack, { n: 7, seed: 3, lastsMs: 1_000 })
  expect(faults).toEqual([])
  expect(facts.acts).toBeGreaterThan(0)
})
