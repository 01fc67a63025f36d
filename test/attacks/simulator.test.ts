/** Attacks on four replicas, one of each aim and in the deep run the whole catalogue, and the controls that must break. */
import { describe, expect, test } from 'vitest'
import { CATALOGUE } from '../../attacks/catalogue/catalogue.ts'
import { wrongQuorum } from '../../attacks/catalogue/control/wrong-quorum.ts'
import { type Attack, firstPrimaries } from '../../attacks/language/attack.ts'
import { together } from '../../attacks/language/behaviour.ts'
import { attackInSimulator } from '../../attacks/run/simulated/in-simulator.ts'
import { deeper } from '../kit/depth.ts'

const SEEDS = [2]
const LASTS_MS = 1_000
const SHORT_MS = 400
const CONTROL_MS = deeper(SHORT_MS, LASTS_MS)
/** Those that do all that they are judged by in the shorter time. */
const SHORT = deeper<readonly string[]>(
  ['equivocate', 'double-vote', 'corrupt-checkpoint', 'equivocating-client', 'phase-confusion', 'twins'],
  [],
)
const lastsMsOf = ({ name }: Attack): number => (SHORT.includes(name) ? SHORT_MS : LASTS_MS)

/** One of each aim, and of those the ones that say most for their time. */
const OF_EACH_AIM = [
  'equivocate',
  'double-vote',
  'forged-proofs',
  'corrupt-checkpoint',
  'equivocating-client',
  'partition',
  'phase-confusion',
  'twins',
]
const all = [...CATALOGUE.values()]
const attacks = deeper(
  all.filter(({ name }) => OF_EACH_AIM.includes(name)),
  all,
)

describe('four replicas', () => {
  test('there are all that are named', () => {
    const names = attacks.map(({ name }) => name)
    expect(OF_EACH_AIM.filter((name) => !names.includes(name))).toEqual([])
  })

  test.each(attacks)('$name: $expects', (attack) => {
    for (const seed of SEEDS) {
      const { facts, faults } = attackInSimulator(attack, { n: 4, seed, lastsMs: lastsMsOf(attack) })
      expect(faults, `seed ${seed}`).toEqual([])
      expect(facts.acts).toBeGreaterThan(0)
    }
  })
})

describe('controls', () => {
  const controls = all.filter(({ control }) => control !== undefined)
  /** One whose control breaks agreement, and one whose control stops progress. */
  const some = deeper(
    controls.filter(({ name }) => ['two-worlds', 'majority-mute'].includes(name)),
    controls,
  )

  test('all of them are known', () => {
    expect(controls.map(({ name }) => name)).toEqual([
      'two-worlds',
      'false-majority',
      'majority-mute',
      'wrong-quorum',
      'false-history',
      'withheld-events',
      'invented-events',
    ])
  })

  test.each(controls)('$name breaks', (attack) => {
    const { faults, result } = attackInSimulator(attack, { n: 4, seed: 1, lastsMs: CONTROL_MS })
    expect(faults).toEqual([])
    expect(result.verdict).toBe(attack.control?.breaks === 'progress' ? 'held' : 'safety')
  })

  test.each(some.filter(({ simulated }) => simulated?.core === undefined))(
    '$name holds with f traitors',
    (attack) => {
      const traitors = firstPrimaries(4)
      const { faults, result } = attackInSimulator(attack, { n: 4, seed: 1, lastsMs: CONTROL_MS, traitors })
      expect(faults).toEqual([])
      expect(result.verdict).toBe('held')
    },
  )

  test('wrong-quorum holds with the right core', () => {
    const { core: _, ...simulated } = wrongQuorum.simulated ?? {}
    const right = { ...wrongQuorum, simulated }
    const { faults, result } = attackInSimulator(right, { n: 4, seed: 1, lastsMs: CONTROL_MS })
    expect(faults).toEqual([])
    expect(result.verdict).toBe('held')
  })

  test.each(some)('$name that does not break is noticed', ({ environment: _, simulated: __, ...attack }) => {
    const tame: Attack = {
      ...attack,
      traitors: (n) => [0, 1].slice(0, n) as never,
      behaviour: () => together(),
    }
    const { faults } = attackInSimulator(tame, { n: 4, seed: 1, lastsMs: CONTROL_MS })
    expect(faults).toContain('the adversaries never acted')
    expect(faults.some((fault) => /did not (break|stop)/.test(fault))).toBe(true)
  })
})
