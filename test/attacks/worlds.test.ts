/** Each attack says where it runs, and says the truth: nothing that it needs is missing there. */
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../attacks/catalogue/catalogue.ts'
import { attackIn, EVERY_ATTACK } from '../../attacks/catalogue/every-attack.ts'
import { type SimulatedEnvironment, worldsOf } from '../../attacks/language/attack.ts'

type Need = keyof SimulatedEnvironment
/** Parts of a simulated environment without which the attack would be another one. */
const NEEDS: readonly Need[] = [
  ...(['faults', 'reaction', 'plan', 'hasLateTraitors', 'core', 'hasTwins'] as const),
  'usesEveryOperation',
]
/** Attacks that are whole without the faults that the simulator adds. */
const WHOLE_WITHOUT_FAULTS = ['soak']

const needsOf = (simulated: SimulatedEnvironment = {}): readonly string[] =>
  NEEDS.filter((need) => simulated[need] !== undefined)

describe('the world of an attack', () => {
  test('is the simulator only, or processes only, or both: all three occur', () => {
    const worlds = new Set([...EVERY_ATTACK.values()].map(({ world }) => world))
    expect([...worlds].sort()).toEqual(['both', 'processes', 'simulator'])
  })

  test.each([...CATALOGUE.values()].filter(({ world }) => world === 'both'))(
    '$name runs in both and needs nothing that only a simulation can arrange',
    ({ name, outside, simulated }) => {
      if (outside === undefined && !WHOLE_WITHOUT_FAULTS.includes(name))
        expect(needsOf(simulated)).toEqual([])
    },
  )

  test.each([...CATALOGUE.values()].filter(({ world }) => world === 'simulator'))(
    '$name runs in the simulator only, and needs something of it',
    ({ outside, simulated }) => {
      expect(outside).toBeUndefined()
      expect(needsOf(simulated)).not.toEqual([])
    },
  )

  test('decides which worlds find it', () => {
    for (const [name, attack] of EVERY_ATTACK) {
      const found = (['processes', 'simulator'] as const).filter((world) => attackIn(world, name) === attack)
      expect(found).toEqual(worldsOf(attack))
    }
    expect(attackIn('processes', 'no-such-attack')).toBeNull()
  })
})
