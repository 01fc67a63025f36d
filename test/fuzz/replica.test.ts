/**
 * Any messages of f liars under their own valid signatures: the replica's step never throws, and its memory is
 * bounded.
 */
import { describe, expect, test } from 'vitest'
import type { Sequence, View } from '../../src/base/ids.ts'
import { createRandom, type Random } from '../../src/base/random.ts'
import { COUNTER_MAX, EVIDENCE_PER_REPLICA_MAX, LOG_WINDOW } from '../../src/messages/limits.ts'
import type { Verified } from '../../src/messages/message.ts'
import type { ProtocolMessage } from '../../src/pbft/effects.ts'
import { HELD_BACK_MAX } from '../../src/pbft/parameters.ts'
import { isRelevant } from '../../src/pbft/relevance.ts'
import { createEvidenceVerifier } from '../../src/runtime/authentication/evidence-check.ts'
import { CLUSTER_SIZES, type ClusterKit, createClusterKit, suite } from '../kit/cluster-kit.ts'
import { deeper, upTo } from '../kit/depth.ts'
import { ReplicaUnderTest } from '../kit/replica-kit.ts'

const MOST = COUNTER_MAX
const EVENTS = 400

function anyMessage(kit: ClusterKit, random: Random): Verified<ProtocolMessage> {
  const sender = random.pick(kit.ids)
  const sequence = random.pick([0, 1, 2, 3, 4, 5, 255, 256, 257, 300, 2 ** 31, 2 ** 32, MOST])
  const view = random.pick([0, 0, 0, 1, kit.n, MOST])
  const batches = [
    kit.batch(),
    kit.batch([], 0),
    kit.batch([kit.request(0)]),
    kit.batch(
      [kit.request(1), kit.request(1), kit.request(12)],
      random.pick([0, 900, 2_600, 1_000_000, MOST]),
    ),
  ]
  const batch = random.pick(batches)
  const { digest } = random.pick(batches)
  const place = { view, sequence }
  switch (random.below(9)) {
    case 0:
      return kit.request(random.below(13), { timestamp: random.pick([0, 1, 2, 70, 1_000, MOST]) })
    case 1:
      return kit.prePrepare({ ...place, batch, sender: random.chance(0.7) ? 0 : sender })
    case 2:
      return kit.vote('prepare', sender, { ...place, digest })
    case 3:
      return kit.vote('commit', sender, { ...place, digest })
    case 4: {
      const bits = () => Uint8Array.from({ length: random.below(33) }, () => random.below(256))
      return kit.status(sender, {
        view: view as View,
        lowWatermark: sequence as Sequence,
        lastExecuted: random.pick([0, 1, 2, 200, 2 ** 31, MOST]) as Sequence,
        accepted: bits(),
        prepared: bits(),
        committed: bits(),
      })
    }
    case 5:
      return kit.fetch(sender, sequence, digest)
    case 6:
      return kit.delivery(sender, sequence, batch)
    case 7:
      return anyExhibit(kit, random)
    default:
      // Only decided batches can be shown as decided: one for each sequence number.
      return decided(kit, random.between(1, 6), view)
  }
}

/** A message of any replica, or two that may contradict each other. */
function anyExhibit(kit: ClusterKit, random: Random): Verified<ProtocolMessage> {
  const kind = random.pick(['pre-prepare', 'prepare', 'commit', 'checkpoint'] as const)
  const signer = random.pick(kit.ids)
  const sequence = random.pick([1, 2, 3, LOG_WINDOW, MOST])
  const messages = Array.from({ length: random.between(1, 2) }, () => {
    const sender = random.chance(0.9) ? signer : random.pick(kit.ids)
    const digest = random.pick([kit.nullDigest, kit.batch().digest])
    const place = { view: random.pick([0, 0, 1, MOST]), sequence, digest }
    if (kind === 'checkpoint') return kit.checkpoint(sender, sequence, digest)
    return kind === 'pre-prepare' ? kit.header({ ...place, sender }) : kit.vote(kind, sender, place)
  })
  return kit.exhibit(random.pick(kit.ids), ...messages)
}

const decided = (kit: ClusterKit, sequence: number, view: number) =>
  kit.decision({ view, sequence, batch: kit.batch([kit.request(sequence)]) })

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const verifyEvidence = createEvidenceVerifier({ cluster: kit.cluster, suite })

  test.each(upTo(deeper(2, 24)))('no message of a peer reaches an assertion, seed %i', (seed) => {
    const random = createRandom(seed)
    let replica = new ReplicaUnderTest(kit, random.below(n))
    for (let event = 0; event < EVENTS; event++) {
      const message = anyMessage(kit, random)
      const from = random.chance(0.3) ? kit.replicaPeer(random.below(n)) : undefined
      if (isRelevant(replica.state, message) || random.chance(0.5)) replica.receive(message, from)
      if (random.chance(0.1)) replica.sync()
      if (random.chance(0.1)) replica.tick(random.between(1, 60), random.pick([0, 1_000, 5_000, 10 ** 9]))
      if (random.chance(0.01)) replica = replica.restarted()
      const { slots, heldBack, batches, lastExecuted, lastHandedOver } = replica.state.ordering
      const { withheld } = replica.state.durability
      const { evidence } = replica.state
      expect(evidence.all.length).toBeLessThanOrEqual(n * EVIDENCE_PER_REPLICA_MAX)
      expect(slots.size).toBeLessThanOrEqual(LOG_WINDOW)
      expect(heldBack.size).toBeLessThanOrEqual(HELD_BACK_MAX)
      expect(withheld.length).toBeLessThanOrEqual(2 * LOG_WINDOW)
      expect(batches.bytes).toBeGreaterThanOrEqual(0)
      expect(lastExecuted).toBe(lastHandedOver)
      for (const [sequence, { executed }] of slots) {
        expect(executed !== null).toBe(sequence <= lastExecuted)
      }
    }
    // Everything held as evidence is valid evidence.
    for (const { guilty, first, second } of replica.state.evidence.all) {
      const verdict = verifyEvidence({ first: first.envelope, second: second.envelope })
      expect(verdict).toMatchObject({ kind: 'proved', evidence: { guilty } })
    }
    expect(replica.state.evidence.guilty.length).toBeGreaterThan(0)
    const order = replica.executed.map(({ sequence }) => sequence)
    expect(order).toEqual(order.map((_, index) => index + 1))
  })
})
