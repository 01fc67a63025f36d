/** Attacks on an oral cluster: which messages MACs admit, and that controls break there too. */
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../attacks/catalogue/catalogue.ts'
import { partialMac } from '../../attacks/catalogue/client/partial-mac.ts'
import type { Attack } from '../../attacks/language/attack.ts'
import { attackInSimulator } from '../../attacks/run/simulated/in-simulator.ts'
import { deeper } from '../kit/depth.ts'

/** Those whose defence is another one than where everything is signed. */
const NAMES = deeper(
  ['impersonate'],
  [
    'equivocate',
    'tamper-request',
    'impersonate',
    'view-change-spam',
    'lossy-new-view',
    'poisoned-page',
    'bad-signature-flood',
    'phase-confusion',
    'frame-victim',
  ],
)
const named = (name: string): Attack => {
  const attack = CATALOGUE.get(name)
  if (attack === undefined) throw new Error(`there is no ${name}`)
  return attack
}
const LASTS_MS = 800

describe('four replicas of auth oral', () => {
  test.each(NAMES)('%s', (name) => {
    const { facts, faults } = attackInSimulator(named(name), {
      n: 4,
      seed: 1,
      auth: 'oral',
      lastsMs: LASTS_MS,
    })
    expect(faults).toEqual([])
    expect(facts.acts).toBeGreaterThan(0)
    expect(facts.guilty).toEqual([])
  })

  test.each(deeper(['two-worlds'], ['two-worlds', 'false-majority']))('%s breaks', (name) => {
    const setting = { n: 4, seed: 11, auth: 'oral', lastsMs: LASTS_MS } as const
    const { faults, result } = attackInSimulator(named(name), setting)
    expect(faults).toEqual([])
    expect(result.verdict).toBe('safety')
  })
})

test('PBFT-4.10 whoever the MACs of its requests are good for, a client costs one view change, however long it goes on', () => {
  const views = deeper([300, 900], [600, 1_800]).map((lastsMs) => {
    const { facts, faults } = attackInSimulator(partialMac, { n: 4, seed: 1, lastsMs })
    expect(faults).toEqual([])
    return facts.viewChanges
  })
  expect(views).toEqual([1, 1])
})
