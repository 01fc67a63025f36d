/** Situations: the table is whole, a run is not changed by being observed, and what a run came to is recognised. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { runSwarm } from '../../attacks/run/simulated/swarm-campaign.ts'
import { SituationObserver } from '../../src/simulator/coverage/situation-observer.ts'
import { SITUATIONS, situationsOf } from '../../src/simulator/coverage/situations.ts'
import { SCENARIOS } from '../../src/simulator/runs/scenarios.ts'
import { ROOT } from '../kit/built-program.ts'
import { IS_DEEP } from '../kit/depth.ts'

const PROTOCOL = readFileSync(join(ROOT, 'src/PROTOCOL.md'), 'utf8')

it('names each situation once, and a rule that there is', () => {
  expect(new Set(SITUATIONS.map(({ name }) => name)).size).toBe(SITUATIONS.length)
  for (const { name, rule } of SITUATIONS) {
    const section = rule.split('.')[0] ?? ''
    expect(PROTOCOL, `${name}: rule ${rule}`).toMatch(new RegExp(`^## ${section}\\.`, 'm'))
  }
})

it('recognises each situation by one predicate', () => {
  for (const { name, ...facts } of SITUATIONS) {
    const predicates = Object.keys(facts).filter((fact) => fact.startsWith('at'))
    expect(predicates, name).toHaveLength(1)
  }
})

it.each(['signed', 'oral'] as const)('demands at least 60 situations of %s runs', (mode) => {
  const demanded = situationsOf(mode).filter(({ rareIn }) => !rareIn?.includes(mode))
  expect(demanded.length).toBeGreaterThanOrEqual(60)
})

it('recognises what a run came to, and changes nothing in it', () => {
  const scenario = SCENARIOS.find(({ name }) => name === 'lost-disk')
  if (scenario === undefined) throw new Error('there is no scenario lost-disk')
  const { plan } = scenario
  const observers: SituationObserver[] = []
  const observed = simulateSwarm({
    seed: plan.seed,
    plan,
    observe: (n) => {
      const observer = new SituationObserver(n)
      observers.push(observer)
      return observer
    },
  })
  if (IS_DEEP) expect(observed.traceHash).toBe(simulateSwarm({ seed: plan.seed, plan }).traceHash)
  const reached = observers[0]?.reached
  for (const name of [
    'a replica starts without what it had promised',
    'a recovery operation is executed and accepted',
    'an idle primary fills up with null batches',
    'a replica is healed',
  ]) {
    expect([name, reached?.has(name)]).toEqual([name, true])
  }
  expect(reached?.has('two signed votes are evidence')).toBe(false)
})

it('counts the seeds that reached a situation, and names the first', async () => {
  const { situations } = await runSwarm({
    from: 3,
    to: 4,
    n: 4,
    workers: 0,
    repeatedShare: 0,
    countsSituations: true,
  })
  const count = situations.find(({ name }) => name === 'answers end the check at a start')
  expect(count).toMatchObject({ seeds: 2, first: 3 })
})
