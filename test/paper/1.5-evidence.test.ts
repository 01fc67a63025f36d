/** Rule 1.5, its end: contradicting messages are evidence, which is found, kept and passed on. */
import { describe, expect, test } from 'vitest'
import type { Sequence } from '../../src/base/ids.ts'
import { CHECKPOINT_INTERVAL, EVIDENCE_PER_REPLICA_MAX } from '../../src/messages/limits.ts'
import type { Exhibit, SignedOnce, Verified } from '../../src/messages/message.ts'
import type { Effect } from '../../src/pbft/effects.ts'
import { EXHIBITS_MAX, EXHIBITS_PERIOD_TICKS } from '../../src/pbft/parameters.ts'
import { isRelevant } from '../../src/pbft/relevance.ts'
import { reportOf } from '../../src/pbft/report.ts'
import { CLUSTER_SIZES, createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batch = kit.batch([kit.request(0)])
  const other = kit.batch([kit.request(1)])
  const at = { sequence: 1, digest: batch.digest }
  const otherAt = { sequence: 1, digest: other.digest }
  const last = n - 1

  const loggedEvidence = (effects: readonly Effect[]) =>
    effectsOf(effects, 'persist').flatMap(({ record }) =>
      record.kind === 'evidence' ? [record.evidence] : [],
    )
  const envelopesOf = (messages: readonly { readonly envelope: Uint8Array }[]) =>
    messages.map(({ envelope }) => new Uint8Array(envelope))
  const heldBy = ({ state }: ReplicaUnderTest) => state.evidence.all

  /** The EXHIBITs that one replica broadcast, as the others receive it: where it is of no use it is not even checked. */
  const deliver = (from: ReplicaUnderTest, effects: readonly Effect[], to: ReplicaUnderTest) =>
    broadcastsOf(effects, 'exhibit').flatMap((content) => {
      const exhibit = kit.accept(kit.frameOf(from.id, content), kit.replicaPeer(from.id)) as Verified<Exhibit>
      return isRelevant(to.state, exhibit) ? to.receive(exhibit) : []
    })

  /** A replica that holds one of two messages, and is shown the other. */
  const isConvicting = (held: SignedOnce, shown: SignedOnce): boolean => {
    const replica = new ReplicaUnderTest(kit, 1)
    const exhibit = kit.exhibit(2, held, shown)
    expect(isRelevant(replica.state, exhibit)).toBe(loggedEvidence(replica.receive(exhibit)).length > 0)
    return replica.state.evidence.guilty.length > 0
  }

  test('PBFT-1.5 two messages that contradict each other are logged and shown to all, once', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const [first, second] = [kit.vote('commit', 2, at), kit.vote('commit', 2, otherAt)]
    backup.receive(first)
    const effects = backup.receive(second)
    expect(loggedEvidence(effects)).toMatchObject([{ guilty: 2, first: at, second: otherAt }])
    const [shown, ...more] = broadcastsOf(effects, 'exhibit')
    expect(envelopesOf(shown?.messages ?? [])).toEqual(envelopesOf([first, second]))
    expect(more).toEqual([])
    expect(isRelevant(backup.state, second)).toBe(false)
    const again = backup.receive(second)
    expect([...loggedEvidence(again), ...broadcastsOf(again, 'exhibit')]).toEqual([])
  })

  test('PBFT-1.5 a primary that sent two backups different batches is convicted, though each got one half', () => {
    const [one, two] = [new ReplicaUnderTest(kit, 1), new ReplicaUnderTest(kit, last)]
    one.receive(kit.prePrepare({ sequence: 1, batch }))
    two.receive(kit.prePrepare({ sequence: 1, batch: other }))
    const odd = one.receive(kit.vote('prepare', last, otherAt))
    expect(heldBy(one)).toEqual([])
    const convicted = deliver(one, odd, two)
    expect(loggedEvidence(convicted)).toMatchObject([
      { guilty: 0, first: { kind: 'pre-prepare', ...otherAt }, second: { kind: 'pre-prepare', ...at } },
    ])
    // Its half comes back with the proof.
    deliver(two, convicted, one)
    expect(one.state.evidence.guilty).toEqual([0])
    // A replica that accepted the same as `one` learns it too, and only the primary is blamed.
    const third = new ReplicaUnderTest(kit, 2)
    third.receive(kit.prePrepare({ sequence: 1, batch }))
    deliver(two, convicted, third)
    for (const replica of [one, two, third]) expect(replica.state.evidence.guilty).toEqual([0])
  })

  test('PBFT-1.5 a vote that came before the pre-prepare is compared with it too', () => {
    const [one, two] = [new ReplicaUnderTest(kit, 1), new ReplicaUnderTest(kit, last)]
    two.receive(kit.prePrepare({ sequence: 1, batch: other }))
    expect(broadcastsOf(one.receive(kit.vote('prepare', last, otherAt)), 'exhibit')).toEqual([])
    const accepted = one.receive(kit.prePrepare({ sequence: 1, batch }))
    expect(loggedEvidence(deliver(one, accepted, two))).toMatchObject([{ guilty: 0 }])
  })

  test.each(['prepare', 'commit'] as const)(
    'PBFT-1.5 a backup that gives its %s to two others otherwise is convicted',
    (kind) => {
      const [one, two] = [new ReplicaUnderTest(kit, 1), new ReplicaUnderTest(kit, last)]
      for (const replica of [one, two]) replica.receive(kit.prePrepare({ sequence: 1, batch }))
      one.receive(kit.vote(kind, 2, at))
      const odd = two.receive(kit.vote(kind, 2, otherAt))
      expect(loggedEvidence(deliver(two, odd, one))).toMatchObject([
        { guilty: 2, first: { kind, ...at }, second: { kind, ...otherAt } },
      ])
    },
  )

  test('PBFT-1.5 a replica that sends two others different roots is convicted', () => {
    const [one, two] = [new ReplicaUnderTest(kit, 1), new ReplicaUnderTest(kit, last)]
    const root = seedOf(1)
    for (const { state } of [one, two]) state.checkpoints.ownRoots.set(K as Sequence, root)
    one.receive(kit.checkpoint(2, K, root))
    const odd = two.receive(kit.checkpoint(2, K, seedOf(2)))
    expect(broadcastsOf(odd, 'exhibit')).toHaveLength(1)
    expect(loggedEvidence(deliver(two, odd, one))).toMatchObject([
      { guilty: 2, first: { kind: 'checkpoint', sequence: K, root }, second: { root: seedOf(2) } },
    ])
  })

  test('PBFT-1.5 a root that came before its own is compared with it too', () => {
    const replica = new ReplicaUnderTest(kit, 1)
    replica.receive(kit.checkpoint(2, K, seedOf(2)))
    const effects = replica.step({ kind: 'snapshot-taken', sequence: K as Sequence, root: seedOf(1) })
    expect(broadcastsOf(effects, 'exhibit')).toHaveLength(1)
  })

  test('PBFT-1.5 what both may be said is no evidence', () => {
    const vote = kit.vote('prepare', 2, at)
    expect(isConvicting(vote, kit.vote('prepare', 2, otherAt))).toBe(true)
    expect(isConvicting(kit.header({ ...at }), kit.header({ ...otherAt }))).toBe(true)
    expect(isConvicting(kit.checkpoint(2, K, seedOf(1)), kit.checkpoint(2, K, seedOf(2)))).toBe(true)
    expect(isConvicting(vote, vote)).toBe(false) // the same digest
    expect(isConvicting(vote, kit.vote('prepare', 3, otherAt))).toBe(false) // another replica
    expect(isConvicting(vote, kit.vote('commit', 2, otherAt))).toBe(false) // another kind
    expect(isConvicting(vote, kit.vote('prepare', 2, { ...otherAt, view: 1 }))).toBe(false)
    expect(isConvicting(vote, kit.vote('prepare', 2, { ...otherAt, sequence: 2 }))).toBe(false)
    expect(isConvicting(kit.checkpoint(2, K, seedOf(1)), kit.checkpoint(2, 2 * K, seedOf(2)))).toBe(false)
  })

  test('PBFT-1.5 two signatures of the same words prove nothing', () => {
    const vote = kit.vote('prepare', 2, at)
    const otherSignature = { ...vote, authentication: new Uint8Array(64) }
    const replica = new ReplicaUnderTest(kit, 1)
    replica.receive(vote)
    expect(replica.receive(otherSignature)).toEqual([])
    expect(heldBy(replica)).toEqual([])
  })

  test('PBFT-1.5 an exhibit counts on its own link only, and with good signatures only', () => {
    const good = kit.vote('prepare', 2, at)
    const forged = Uint8Array.from(kit.vote('prepare', 2, otherAt).envelope)
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    expect(() => kit.exhibit(3, good, { envelope: forged })).toThrow('bad-signature')
    const frame = kit.frameOf(3, { kind: 'exhibit', messages: [good] })
    expect(() => kit.accept(frame, kit.replicaPeer(1))).toThrow('sender-is-not-the-link')
    expect(() => kit.accept(frame, kit.clientPeer(0))).toThrow('kind-not-for-this-link')
    expect(kit.accept(frame, kit.replicaPeer(3))).toMatchObject({ kind: 'exhibit' })
  })

  test('PBFT-1.5 what is shown and contradicts nothing here is not checked, and does nothing', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.prePrepare({ sequence: 1, batch }))
    for (const shown of [kit.header(at), kit.vote('prepare', 2, otherAt), kit.checkpoint(2, K, seedOf(1))]) {
      const exhibit = kit.exhibit(3, shown)
      expect(isRelevant(backup.state, exhibit)).toBe(false)
      expect(backup.receive(exhibit)).toEqual([])
    }
  })

  test('PBFT-1.5 while all votes are for what was proposed nothing is shown', () => {
    const effects: Effect[] = []
    const backup = new ReplicaUnderTest(kit, 1)
    for (let sequence = 1; sequence <= 10; sequence++) {
      effects.push(...decide(kit, backup, { sequence, batch: kit.batch([kit.request(sequence)]) }))
      effects.push(...backup.tickHearing())
    }
    expect(backup.executed).toHaveLength(10)
    expect(broadcastsOf(effects, 'exhibit')).toEqual([])
  })

  test('PBFT-1.5 an odd vote is shown once for each sender, and few of them in a while', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const shown = (effects: readonly Effect[]) => broadcastsOf(effects, 'exhibit').length
    const oddVote = (sequence: number, kind: 'prepare' | 'commit' = 'prepare') => {
      backup.receive(kit.prePrepare({ sequence, batch: kit.batch([kit.request(sequence)]) }))
      return shown(backup.receive(kit.vote(kind, 2, { sequence, digest: seedOf(sequence) })))
    }
    expect([oddVote(1), oddVote(1, 'commit')]).toEqual([1, 0])
    for (let sequence = 2; sequence <= EXHIBITS_MAX; sequence++) expect(oddVote(sequence)).toBe(1)
    expect(oddVote(EXHIBITS_MAX + 1)).toBe(0)
    backup.tickHearing(EXHIBITS_PERIOD_TICKS)
    expect(oddVote(EXHIBITS_MAX + 2)).toBe(1)
  })

  test('PBFT-1.5 a bounded number of pieces is kept against one replica, and no more are checked or shown', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const conflictAt = (sequence: number) => {
      backup.receive(kit.vote('prepare', 2, { sequence, digest: seedOf(1) }))
      return kit.vote('prepare', 2, { sequence, digest: seedOf(2) })
    }
    for (let sequence = 1; sequence <= EVIDENCE_PER_REPLICA_MAX; sequence++) {
      const conflict = conflictAt(sequence)
      expect(isRelevant(backup.state, conflict)).toBe(true)
      expect(loggedEvidence(backup.receive(conflict))).toHaveLength(1)
    }
    const oneMore = conflictAt(EVIDENCE_PER_REPLICA_MAX + 1)
    expect(isRelevant(backup.state, oneMore)).toBe(false)
    expect(isRelevant(backup.state, kit.exhibit(3, kit.vote('prepare', 2, at), oneMore))).toBe(false)
    const effects = backup.receive(oneMore)
    expect([...loggedEvidence(effects), ...broadcastsOf(effects, 'exhibit')]).toEqual([])
    expect(heldBy(backup)).toHaveLength(EVIDENCE_PER_REPLICA_MAX)
    // There is room for others.
    backup.receive(kit.exhibit(3, kit.header(at), kit.header(otherAt)))
    expect(backup.state.evidence.guilty).toEqual([0, 2])
  })

  test('PBFT-1.5 evidence outlives a restart and the trimming of the log; no message waits for it', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.vote('prepare', 2, at))
    backup.receive(kit.vote('prepare', 2, otherAt))
    expect(heldBy(backup)).toHaveLength(1)
    const held = envelopesOf(heldBy(backup).flatMap(({ first, second }) => [first, second]))
    for (let sequence = 1; sequence <= K; sequence++) {
      decide(kit, backup, { sequence, batch: kit.batch([kit.request(1, { timestamp: sequence })]) })
    }
    const root = backup.application.root
    const others = kit.ids.filter((id) => id !== 1)
    backup.receiveAll(others.map((id) => kit.checkpoint(id, K, root)))
    expect(backup.state.checkpoints.lowWatermark).toBe(K)
    decide(kit, backup, { sequence: K + 1, batch: kit.batch([kit.request(2)]) })
    backup.store()
    expect(backup.trimmedBefore).toBeGreaterThan(K)
    backup.settle()
    const again = backup.restarted()
    const kept = envelopesOf(heldBy(again).flatMap(({ first, second }) => [first, second]))
    expect(kept).toEqual(held)
    expect(broadcastsOf(again.resumed, 'exhibit')).toEqual([])
  })

  test('PBFT-1.5 a replica reports the replicas against which it holds evidence', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const outside = { revision: 0, reachable: [], cutOff: { replicas: [], clients: 0 }, eventLoopDelayMs: 0 }
    expect(reportOf(backup.state, outside).guilty).toEqual([])
    backup.receive(kit.exhibit(3, kit.vote('prepare', 2, at), kit.vote('prepare', 2, otherAt)))
    expect(reportOf(backup.state, outside).guilty).toEqual([2])
  })
})
