/** Rule 6.4: what a replica does that lost synced data, and the recovery operation that it asks for. */
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import { RECOVERY_RETRY_TICKS, VIEW_RESEND_TICKS } from '../../src/pbft/parameters.ts'
import { fillTarget } from '../../src/pbft/recovery/recovery-operations.ts'
import { conditionOf } from '../../src/pbft/report.ts'
import { AT, askedBy, createAmnesiaKit, HISTORY, U, votesIn } from '../kit/amnesia-kit.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { FakeApplication } from '../kit/fake-application.ts'
import { broadcastsOf, effectsOf, ReplicaUnderTest, sentKinds } from '../kit/replica-kit.ts'
import { enter } from '../kit/view-change-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const others = kit.ids.filter((id) => id !== 1)
  const { batchAt, amnesiac, history, rootsOf, states, certificateAt, decidedAt, recovering } =
    createAmnesiaKit(kit)

  describe('before it is healed', () => {
    test('PBFT-6.4 it sends nothing but STATUS, FETCH and its recovery operation, whatever comes', () => {
      const replica = amnesiac()
      const batch = batchAt(1)
      const at = { sequence: 1, digest: batch.digest }
      const effects = [
        ...replica.resumed,
        ...replica.receive(kit.request(0)),
        ...replica.receive(kit.prePrepare({ sequence: 1, batch })),
        ...replica.receiveAll(kit.votes('prepare', kit.ids.slice(2), at)),
        ...replica.settle(),
        ...replica.receiveAll(kit.votes('commit', others, at)),
        ...replica.tickHearing(200),
        ...replica.receiveAll(kit.viewChanges(others, 1)), // it would be the primary
        ...replica.receiveAll(kit.viewChanges(others, 2)),
        ...enter(kit, replica, n + 2),
        ...replica.receive(kit.request(1)),
        ...replica.tickHearing(2_000),
        ...replica.settle(),
        ...others.flatMap((sender) => [
          ...replica.receive(kit.status(sender)),
          ...replica.tickHearing(VIEW_RESEND_TICKS),
        ]),
      ]
      const own = effectsOf(effects, 'broadcast').concat(effectsOf(effects, 'send') as never)
      const isOwn = ({ outgoing }: (typeof own)[number]) =>
        outgoing.kind !== 'relayed' || !('sender' in outgoing.message) || outgoing.message.sender === 1
      const kinds = own
        .filter(isOwn)
        .map(({ outgoing }) => (outgoing.kind === 'relayed' ? outgoing.message.kind : outgoing.kind))
      expect([...new Set(kinds)].sort()).toEqual(['request', 'status'])
      expect(conditionOf(replica.state)).toBe('amnesiac')
    })

    test('PBFT-6.4 as primary of its view it proposes nothing', () => {
      const replica = amnesiac()
      enter(kit, replica, n + 1)
      replica.receive(kit.request(0))
      expect(votesIn(replica.settle())).toEqual([])
      expect(replica.records.map(({ kind }) => kind)).not.toContain('proposed')
    })

    test('PBFT-6.4 it sends no CHECKPOINT of what it executes', () => {
      const replica = recovering(K)
      expect(replica.state.ordering.lastExecuted).toBe(K)
      expect(broadcastsOf([...replica.settle(), ...replica.tickHearing(50)], 'checkpoint')).toEqual([])
      replica.tickHearing(5)
      expect(sentKinds(replica.receive(kit.status(3)))).not.toContain('checkpoint')
    })

    test('PBFT-6.4 its own old votes, played back to it, do not pass for its votes', () => {
      const replica = amnesiac()
      const batch = batchAt(1)
      const at = { sequence: 1, digest: batch.digest }
      replica.receive(kit.prePrepare({ sequence: 1, batch }))
      replica.receive(kit.vote('prepare', 1, at), kit.replicaPeer(3))
      replica.receive(kit.vote('commit', 1, at), kit.replicaPeer(3))
      replica.receive(kit.viewChange(1, 1), kit.replicaPeer(3))
      replica.tickHearing(100)
      expect(votesIn(replica.receive(kit.status(3))).filter((kind) => kind !== 'pre-prepare')).toEqual([])
    })

    test('PBFT-6.4 its own old NEW-VIEW, played back to it, is not sent on by it', () => {
      const replica = amnesiac()
      enter(kit, replica, n + 1)
      replica.tickHearing(VIEW_RESEND_TICKS)
      expect(votesIn(replica.receive(kit.status(3)))).toEqual([])
    })

    test('PBFT-6.4 its own old proposal, played back to it, is in its log before it counts as logged', () => {
      const replica = new ReplicaUnderTest(kit, 0, { isAmnesiac: true })
      const batch = batchAt(1)
      replica.receive(kit.prePrepare({ sequence: 1, batch }), kit.replicaPeer(3))
      replica.receiveAll(kit.votes('commit', kit.ids.slice(1), { sequence: 1, digest: batch.digest }))
      replica.settle()
      expect(replica.executed).toHaveLength(1)
      expect(replica.restarted().executed).toHaveLength(1)
    })

    test('PBFT-6.4 it stays amnesiac over a restart, and continues with the same nonce', () => {
      const replica = amnesiac()
      const [first] = askedBy(replica.tickHearing(RECOVERY_RETRY_TICKS))
      replica.settle()
      const again = replica.restarted()
      expect(conditionOf(again.state)).toBe('amnesiac')
      expect(askedBy(again.tickHearing(RECOVERY_RETRY_TICKS)).map(({ digest }) => digest)).toEqual([
        first?.digest,
      ])
    })

    test('PBFT-6.4 its log is not cut while it is amnesiac, so that it keeps recording this', () => {
      const replica = recovering(K)
      replica.receive(kit.stableCheckpoint(2, certificateAt(K)))
      expect(effectsOf(replica.store(), 'trim')).toEqual([])
    })
  })

  describe('the recovery operation', () => {
    test("PBFT-6.4 it is signed with the replica's key, carries a nonce, and is sent again until it is executed", () => {
      const replica = amnesiac()
      const requests = askedBy(replica.tickHearing(4 * RECOVERY_RETRY_TICKS))
      expect(requests.length).toBeGreaterThanOrEqual(3)
      expect(new Set(requests.map(({ digest }) => String(digest))).size).toBe(1)
      expect(requests[0]?.client).toBe(kit.replicaClients[1])
      recovering(AT, replica)
      expect(askedBy(replica.tickHearing(10 * RECOVERY_RETRY_TICKS))).toEqual([])
    })

    test('PBFT-6.4 found executed in a transferred state, without a certificate, it takes a new nonce', () => {
      const replica = amnesiac()
      const [first] = askedBy(replica.tickHearing(RECOVERY_RETRY_TICKS))
      const state = states[K - 1] ?? new FakeApplication(kit)
      replica.receive(kit.stableCheckpoint(2, certificateAt(K)))
      const requests = askedBy([
        ...replica.transfer(certificateAt(K), state),
        ...replica.tickHearing(2 * RECOVERY_RETRY_TICKS),
      ])
      expect(requests.length).toBeGreaterThan(0)
      expect(requests[0]?.digest).not.toEqual(first?.digest)
    })

    test('PBFT-6.4 found so after a restart, it takes a new nonce too', () => {
      const replica = amnesiac()
      replica.tickHearing(RECOVERY_RETRY_TICKS)
      replica.settle()
      const application = states[K - 1] ?? new FakeApplication(kit)
      // It crashed after the state was stored and before it asked anew.
      const again = new ReplicaUnderTest(kit, 1, {
        log: replica.log,
        stored: { stable: certificateAt(K), application },
        isAmnesiac: true,
      })
      expect(
        effectsOf(again.tickHearing(4 * RECOVERY_RETRY_TICKS), 'prepare-recovery').length,
      ).toBeGreaterThan(0)
    })

    test('PBFT-6.4 one that is executed and refused heals nothing', () => {
      const replica = amnesiac()
      replica.application.refusesRecoveries = true
      recovering(HISTORY, replica)
      replica.receive(kit.stableCheckpoint(2, certificateAt(HISTORY)))
      replica.tickHearing(100)
      expect(conditionOf(replica.state)).toBe('amnesiac')
      const other = new ReplicaUnderTest(kit, 3)
      other.application.refusesRecoveries = true
      for (let sequence = 1; sequence <= AT; sequence++) other.receive(decidedAt(sequence))
      expect(fillTarget(other.state)).toBe(0)
    })

    test('PBFT-6.4 a refused operation is requested again at once: in an idle cluster nothing else makes its distance pass', () => {
      const replica = amnesiac()
      replica.application.refusesRecoveries = true
      const { own: recovery } = recovering(AT, replica).state.recovery
      expect(recovery?.executed).toBeNull()
      // It was asked for in this very tick; it is due again all the same.
      expect(replica.state.clock.ticks - (recovery?.askedTick ?? 0)).toBe(RECOVERY_RETRY_TICKS)
    })

    test('PBFT-6.4 one that was not asked for, or of another replica, heals nothing', () => {
      const replica = amnesiac()
      const foreign = rootsOf(history(kit.recoveryRequest(3, 7), HISTORY)).at(-1)
      const list = history(kit.recoveryRequest(3, 7), HISTORY)
      for (const [index, batch] of list.entries())
        replica.receive(kit.decision({ view: U, sequence: index + 1, batch }))
      replica.receive(kit.stableCheckpoint(2, kit.certificate(HISTORY, foreign?.root ?? new Uint8Array(32))))
      replica.tickHearing(10)
      expect(conditionOf(replica.state)).toBe('amnesiac')
    })
  })
})
