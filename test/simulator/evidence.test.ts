/** Evidence among whole clusters: liars are convicted by what they signed, and where nobody lies nothing is said of it. */
import { describe, expect, test } from 'vitest'
import { equivocate } from '../../attacks/catalogue/primary/equivocate.ts'
import { type Attack, lastBackups } from '../../attacks/language/attack.ts'
import { onSend } from '../../attacks/language/behaviour.ts'
import { type Action, type Change, flipped, set } from '../../attacks/language/mutations.ts'
import { isKind } from '../../attacks/language/predicates.ts'
import { attackInSimulator } from '../../attacks/run/simulated/in-simulator.ts'
import type { MessageKind } from '../../src/messages/message.ts'
import { drawPlan } from '../../src/simulator/plan/draw-plan.ts'
import { withoutFaults } from '../../src/simulator/plan/plan.ts'
import { simulate } from '../../src/simulator/runs/simulate.ts'
import { CALM_NETWORK } from '../../src/simulator/world/virtual-network.ts'
import { deeper, IS_DEEP } from '../kit/depth.ts'

const SEEDS = [1]

/** The truth for the first half of the correct replicas, a lie for the others. */
function tellHalf(change: Change): Action {
  const lie = set(change)
  return (intercepted, place) => {
    const { peer, frame } = intercepted
    const deceived = place.victims.slice(Math.ceil(place.victims.length / 2))
    const isDeceived = peer.kind === 'replica' && deceived.includes(peer.id)
    return isDeceived ? lie(intercepted, place) : [{ to: peer, frame }]
  }
}

/** Says one thing to half of the others and another one to the rest. */
const equivocating = (kind: MessageKind, change: Change): Attack => ({
  name: `equivocating-${kind}`,
  world: 'both',
  targets: ['safety'],
  does: `tells two halves of the others different ${kind}s`,
  source: 'rule 1.5',
  expects: 'evidence against it',
  traitors: lastBackups,
  behaviour: () => onSend(isKind(kind), tellHalf(change)),
})

const otherDigest: Change = (content) =>
  content.kind === 'prepare' || content.kind === 'commit'
    ? { ...content, digest: flipped(content.digest) }
    : content

const otherRoot: Change = (content) =>
  content.kind === 'checkpoint' ? { ...content, root: flipped(content.root) } : content

/** Of a vote of ordering, and in the deep run of each kind that two may contradict each other; `test/paper` has the others too. */
const equivocations = deeper(
  [equivocating('prepare', otherDigest)],
  [
    equivocating('prepare', otherDigest),
    equivocating('commit', otherDigest),
    equivocating('checkpoint', otherRoot),
  ],
)

describe.each(deeper([4], [4, 7]))('n = %i', (n) => {
  test.each(SEEDS)('PBFT-1.5 an equivocating primary is convicted, seed %i', (seed) => {
    const { faults, facts } = attackInSimulator(equivocate, { n, seed, lastsMs: 1_000 })
    expect(faults).toEqual([])
    expect(facts.guilty).toEqual([0])
  })

  test.runIf(IS_DEEP).each(equivocations)(
    'PBFT-1.5 $name: f backups of two faces are convicted, and nobody else',
    (attack) => {
      const { faults, facts } = attackInSimulator(attack, { n, seed: 3, lastsMs: 1_000 })
      expect(faults).toEqual([])
      expect(facts.guilty).toEqual(attack.traitors(n))
    },
  )

  test.each(SEEDS)('PBFT-1.5 without liars no message more is sent, seed %i', (seed) => {
    const plan = { ...withoutFaults(drawPlan(seed, n)), network: CALM_NETWORK }
    const counts = { broadcast: 0, exhibit: 0 }
    const { verdict, guilty } = simulate({
      seed,
      plan,
      onStep: ({ effects }) => {
        for (const effect of effects) {
          if (effect.kind !== 'broadcast') continue
          counts.broadcast++
          if (effect.outgoing.kind === 'exhibit') counts.exhibit++
        }
      },
    })
    expect(verdict).toBe('held')
    expect(counts.broadcast).toBeGreaterThan(100)
    expect({ exhibits: counts.exhibit, guilty }).toEqual({ exhibits: 0, guilty: [] })
  })
})
