/** Whatever f liars say where nothing is signed: no step throws, every bound holds, and nothing is decided by it. */
import { describe, expect, test } from 'vitest'
import type { Sequence, View } from '../../src/base/ids.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import { COUNTER_MAX } from '../../src/messages/limits.ts'
import type { Verified } from '../../src/messages/message.ts'
import type { CheckpointClaim, OrderClaim, Reminder } from '../../src/messages/oral/message.ts'
import type { ProtocolMessage } from '../../src/pbft/effects.ts'
import { isRelevant } from '../../src/pbft/relevance.ts'
import type { SeenStep } from '../../src/simulator/checkers/checker.ts'
import { memoryBounds } from '../../src/simulator/checkers/memory-bounds.ts'
import { CLUSTER_SIZES, type ClusterKit, createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import { deeper, upTo } from '../kit/depth.ts'
import {
  ackOf,
  type ClaimsOptions,
  claim,
  decisionOf,
  deliveryOf,
  fetchOf,
  held,
  oralNewViewOf,
  recollectionOf,
  viewChangeOf,
} from '../kit/oral-kit.ts'
import { ReplicaUnderTest } from '../kit/replica-kit.ts'

const MOST = COUNTER_MAX
const EVENTS = 400

const anyView = (random: Random, n: number) => random.pick([0, 1, 1, 2, 2, 3, n, n + 1, 1_000, MOST])
const anySequence = (random: Random) => random.pick([0, 1, 2, 3, 127, 128, 129, 256, 257, 384, 2 ** 32, MOST])
const anyDigest = (random: Random) => seedOf(random.below(4))

function anyClaims(kit: ClusterKit, random: Random): ClaimsOptions {
  const some = <T>(most: number, make: () => T): readonly T[] =>
    Array.from({ length: random.between(0, most) }, make)
  const inOrder = (claims: readonly OrderClaim[]) =>
    random.chance(0.7) ? [...claims].sort((a, b) => a.sequence - b.sequence || a.view - b.view) : claims
  const any = () => claim(anySequence(random), anyDigest(random), anyView(random, kit.n))
  const small = () => claim(random.between(1, 4), anyDigest(random))
  const checkpoint = (): CheckpointClaim => held(random.pick([128, 256, 384, 7, MOST]), anyDigest(random))
  if (random.chance(0.2)) return {}
  return {
    h: random.chance(0.6) ? 0 : anySequence(random),
    checkpoints: random.chance(0.5) ? [] : some(3, checkpoint),
    p: inOrder(some(3, random.chance(0.6) ? small : any)),
    q: inOrder(some(6, random.chance(0.6) ? small : any)),
  }
}

/** A message of one of f liars; `said` are VIEW-CHANGEs that they have sent. */
function anyMessage(
  kit: ClusterKit,
  random: Random,
  said: readonly ReturnType<typeof viewChangeOf>[],
): Verified<ProtocolMessage> {
  const sender = random.below(kit.f)
  const view = anyView(random, kit.n)
  const known = random.pick(said)
  switch (random.below(9)) {
    case 0:
      return viewChangeOf(kit, sender, view, anyClaims(kit, random))
    case 1:
      return ackOf(kit, sender, random.chance(0.5) ? known : { ...known, digest: anyDigest(random) })
    case 2:
      return fetchOf(kit, sender, known)
    case 3:
      return deliveryOf(kit, sender, known)
    case 4: {
      const cited = random.shuffle([...said]).slice(0, random.between(0, Math.min(13, said.length)))
      const checkpoint = random.chance(0.6) ? held(0, new Uint8Array(0)) : held(128, anyDigest(random))
      const digests = Array.from({ length: random.below(4) }, () => anyDigest(random))
      const named = random.chance(0.7) ? sender : random.below(kit.n)
      // Of a view that it is primary of, most of the time.
      const led = random.chance(0.8) ? named + kit.n * random.below(3) : view
      return oralNewViewOf(kit, led, { viewChanges: cited, checkpoint, digests, sender: named })
    }
    case 5: {
      const batch = random.pick([kit.batch(), kit.batch([], 0), kit.batch([kit.request(0)])])
      return decisionOf(kit, sender, { sequence: anySequence(random), batch, view })
    }
    case 6: {
      const kind = random.pick(['pre-prepare', 'prepare', 'commit', 'checkpoint', 'view-change'] as const)
      const reminder: Reminder = { kind, view: view as View, sequence: anySequence(random) as Sequence }
      return recollectionOf(kit, sender, [reminder])
    }
    case 7:
      return kit.checkpoint(sender, anySequence(random), anyDigest(random))
    default:
      return kit.status(sender, { view: view as View, lastExecuted: anySequence(random) as Sequence })
  }
}

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n, 1, 'oral')
  const bounds = memoryBounds(1)

  test.each(upTo(deeper(2, 8)))(
    'PBFT-4.2 PBFT-4.8 seed %i: f liars change nothing but their own accounts',
    (seed) => {
      const random = createRandom(1_000 * n + seed)
      const replica = new ReplicaUnderTest(kit, n - 1)
      const said = Array.from({ length: 12 }, () =>
        viewChangeOf(kit, random.below(kit.f), anyView(random, n), anyClaims(kit, random)),
      )
      for (let count = 0; count < EVENTS; count++) {
        const message = anyMessage(kit, random, said)
        if (isRelevant(replica.state, message)) replica.receive(message)
        if (random.chance(0.1)) replica.settle()
        if (!random.chance(0.2)) continue
        replica.tickHearing()
        const seen = { event: { kind: 'ticked' }, state: replica.state } as unknown as SeenStep
        expect(bounds.onStep?.(seen)).toBeNull()
      }
      const { view, isActive } = replica.state.views
      const { lowWatermark } = replica.state.checkpoints
      const { lastExecuted } = replica.state.ordering
      const { health } = replica.state.recovery
      const { target: transfer } = replica.state.transfer
      expect({ view, isActive, lowWatermark, lastExecuted, health, transfer }).toEqual({
        view: 0,
        isActive: true,
        lowWatermark: 0,
        lastExecuted: 0,
        health: 'sound',
        transfer: null,
      })
    },
  )
})
