/** Any signed messages of f liars about views and checkpoints: no step throws, and every bound holds. */
import { describe, expect, test } from 'vitest'
import type { Sequence, View } from '../../src/base/ids.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import { CHECKPOINT_INTERVAL, COUNTER_MAX, LOG_WINDOW } from '../../src/messages/limits.ts'
import type { CheckpointCertificate, PreparedCertificate, Verified } from '../../src/messages/message.ts'
import type { ProtocolMessage } from '../../src/pbft/effects.ts'
import {
  CHECKPOINTS_PER_SENDER_MAX,
  EARLY_BYTES_PER_SENDER_MAX,
  EARLY_PER_SENDER_MAX,
  HELD_BACK_MAX,
  UNEXECUTED_BYTES_MAX,
} from '../../src/pbft/parameters.ts'
import { isRelevant } from '../../src/pbft/relevance.ts'
import {
  CLUSTER_SIZES,
  type ClusterKit,
  createClusterKit,
  NOTHING_STABLE,
  seedOf,
} from '../kit/cluster-kit.ts'
import { deeper, upTo } from '../kit/depth.ts'
import { ReplicaUnderTest } from '../kit/replica-kit.ts'
import { choicesFrom } from '../kit/view-change-kit.ts'

const MOST = COUNTER_MAX
const FAR = MOST - (MOST % CHECKPOINT_INTERVAL)
const EVENTS = 250

/** The senders here are more than f, so they can move a replica to the view that they name: to the last one too. */
const anyView = (random: Random, n: number) => random.pick([0, 1, 2, 3, n, n + 1, 1_000, MOST - 1, MOST])
const anySequence = (random: Random) =>
  random.pick([0, 1, 2, 3, 127, 128, 129, 256, 257, 384, 385, 2 ** 32, MOST])

/** Some senders, perhaps one of them twice, perhaps too few. */
function someSenders(kit: ClusterKit, random: Random): readonly number[] {
  const senders = random.shuffle([...kit.ids]).slice(0, random.between(0, kit.n))
  return random.chance(0.2) ? [...senders, ...senders.slice(0, 1)] : senders
}

/** The checkpoints that f liars can show as stable: only real ones have a full certificate. */
function anyStable(kit: ClusterKit, random: Random): CheckpointCertificate {
  const sequence = random.pick([128, 256, 384])
  if (random.chance(0.4)) return NOTHING_STABLE
  if (random.chance(0.5)) return kit.certificate(sequence, seedOf(sequence))
  const liars = kit.ids.slice(0, kit.f)
  const checkpoints = kit.certificate(random.pick([sequence, FAR, 7]), seedOf(1), liars).checkpoints
  return { sequence: random.pick([sequence, 0, 7, FAR]) as Sequence, root: seedOf(1), checkpoints }
}

function anyEntry(kit: ClusterKit, random: Random): PreparedCertificate {
  const place = {
    sequence: anySequence(random),
    view: random.pick([0, 1, 2, kit.n]),
    digest: seedOf(random.below(3)),
  }
  return kit.preparedCertificate({
    ...place,
    ...(random.chance(0.3) ? { sender: random.below(kit.n) } : {}),
    ...(random.chance(0.3) ? { voters: someSenders(kit, random) } : {}),
  })
}

function anyViewChange(
  kit: ClusterKit,
  random: Random,
  view = anyView(random, kit.n),
  sender = random.below(kit.n),
) {
  const prepared = Array.from({ length: random.below(4) }, () => anyEntry(kit, random))
  return kit.viewChange(sender, view, { stable: anyStable(kit, random), prepared })
}

function anyNewView(kit: ClusterKit, random: Random) {
  const view = anyView(random, kit.n)
  const viewChanges = someSenders(kit, random).map((sender) => anyViewChange(kit, random, view, sender))
  const choices = viewChanges.length > 0 && random.chance(0.5) ? boundedChoices(kit, viewChanges) : []
  const body = random.chance(0.1) ? seedOf(random.below(9)) : undefined
  const sender = random.chance(0.8) ? view % kit.n : random.below(kit.n)
  return kit.newView(view, { viewChanges, choices, sender, ...(body === undefined ? {} : { body }) })
}

function boundedChoices(kit: ClusterKit, viewChanges: Parameters<typeof choicesFrom>[1]) {
  const highest = Math.max(
    0,
    ...viewChanges.flatMap((one) => one.preparedCertificates.map((e) => e.prePrepare.sequence)),
  )
  return highest > 1_000 ? [] : choicesFrom(kit, viewChanges)
}

function anyMessage(kit: ClusterKit, random: Random): Verified<ProtocolMessage> {
  const sender = random.below(kit.n)
  const place = { view: anyView(random, kit.n), sequence: anySequence(random) }
  switch (random.below(9)) {
    case 0:
    case 1:
      return anyViewChange(kit, random)
    case 2:
      return anyNewView(kit, random)
    case 3:
      return kit.checkpoint(sender, random.pick([0, 1, 128, 256, 384, FAR]), seedOf(random.below(3)))
    case 4: {
      const sequence = random.pick([128, 256, 384])
      return kit.stableCheckpoint(sender, kit.certificate(sequence, seedOf(sequence)))
    }
    case 5:
      return kit.prePrepare({ ...place, batch: kit.batch([kit.request(random.below(5))], random.below(3)) })
    case 6:
      return kit.vote(random.pick(['prepare', 'commit'] as const), sender, {
        ...place,
        digest: seedOf(random.below(3)),
      })
    case 7:
      return kit.request(random.below(5), { timestamp: random.between(1, 9) })
    default:
      return kit.status(sender, {
        view: place.view as View,
        isActive: random.chance(0.5),
        viewChanges: random.pick([0, 1, 255, 2 ** 31, 2 ** 32, MOST]),
        lowWatermark: place.sequence as Sequence,
        lastExecuted: anySequence(random) as Sequence,
      })
  }
}

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)

  test.each(upTo(deeper(2, 20)))(
    'PBFT-7.14 nothing that is said of views and checkpoints reaches an assertion or takes more room, seed %i',
    (seed) => {
      const random = createRandom(seed)
      const isAmnesiac = random.chance(0.2)
      let replica = new ReplicaUnderTest(kit, random.below(n), { isAmnesiac })
      for (let event = 0; event < EVENTS; event++) {
        const message = anyMessage(kit, random)
        const from = random.chance(0.3) ? kit.replicaPeer(random.below(n)) : undefined
        if (isRelevant(replica.state, message) || random.chance(0.5)) replica.receive(message, from)
        if (random.chance(0.1)) replica.sync()
        if (random.chance(0.1)) replica.tick(random.between(1, 60), random.pick([0, 1_000, 5_000, 10 ** 9]))
        if (random.chance(0.02)) replica = replica.restarted()
        const { state } = replica
        expect(state.views.view).toBeLessThanOrEqual(MOST)
        expect(state.ordering.slots.size).toBeLessThanOrEqual(2 * LOG_WINDOW)
        expect(state.ordering.preparedCertificates.size).toBeLessThanOrEqual(LOG_WINDOW)
        expect(state.views.viewChanges).toHaveLength(n)
        expect(state.ordering.heldBack.size).toBeLessThanOrEqual(HELD_BACK_MAX)
        expect(state.durability.withheld.length).toBeLessThanOrEqual(4 * LOG_WINDOW)
        expect(state.ordering.batches.bytes).toBeLessThanOrEqual(UNEXECUTED_BYTES_MAX)
        expect(state.recovery.waiting.size).toBeLessThanOrEqual(n)
        for (const held of state.checkpoints.received)
          expect(held.size).toBeLessThanOrEqual(CHECKPOINTS_PER_SENDER_MAX)
        for (const id of kit.ids) {
          expect(state.ordering.early.sizeFor(id).count).toBeLessThanOrEqual(EARLY_PER_SENDER_MAX)
          expect(state.ordering.early.sizeFor(id).bytes).toBeLessThanOrEqual(EARLY_BYTES_PER_SENDER_MAX)
        }
      }
    },
  )
})
