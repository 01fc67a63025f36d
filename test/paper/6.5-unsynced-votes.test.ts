/** Rule 6.5: proposals and PREPAREs that do not wait for the disk. */
import { describe, expect, test } from 'vitest'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import { VOTE_LIMIT_ROOM } from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { rootAfter } from '../kit/fake-application.ts'
import { broadcastsOf, decide, type effectsOf, ReplicaUnderTest, sentKinds } from '../kit/replica-kit.ts'

const K = CHECKPOINT_INTERVAL
const kitOf = (n: number) => createClusterKit(n, 1, 'signed', K, 'ordered', 'unsynced')

describe.each(CLUSTER_SIZES)('a replica of %i', (n) => {
  const kit = kitOf(n)
  const batchOf = (client: number) => kit.batch([kit.request(client)])
  const first = batchOf(0)
  const second = batchOf(1)
  const backups = kit.ids.filter((id) => id > 1)
  const preparesIn = (effects: Parameters<typeof effectsOf>[0]) => broadcastsOf(effects, 'prepare').length
  /** Replica 1 with the first batch executed, and everything on disk. */
  const begun = () => {
    const replica = new ReplicaUnderTest(kit, 1)
    decide(kit, replica, { sequence: 1, batch: first })
    return replica
  }
  const prepareAt = (sequence: number, digest: Uint8Array) =>
    kit.votes('prepare', backups, { sequence, digest })

  test('PBFT-6.5 the first PREPARE of a view waits for its limit, the next one for nothing', () => {
    const replica = new ReplicaUnderTest(kit, 1)
    expect(preparesIn(replica.receive(kit.prePrepare({ sequence: 1, batch: first })))).toBe(0)
    expect(preparesIn(replica.sync())).toBe(1)
    expect(preparesIn(replica.receive(kit.prePrepare({ sequence: 2, batch: second })))).toBe(1)
  })

  test('PBFT-6.5 a primary proposes without waiting, from its second batch on', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    expect(sentKinds(primary.receive(kit.request(0)))).not.toContain('pre-prepare')
    expect(sentKinds(primary.sync())).toContain('pre-prepare')
    expect(sentKinds(primary.receive(kit.request(1)))).toContain('pre-prepare')
  })

  test('PBFT-6.5 COMMIT waits for the prepared certificate as ever', () => {
    const replica = begun()
    replica.receive(kit.prePrepare({ sequence: 2, batch: second }))
    expect(sentKinds(replica.receiveAll(prepareAt(2, second.digest)))).not.toContain('commit')
    expect(sentKinds(replica.sync())).toContain('commit')
  })

  test('PBFT-6.5 votes beyond the limit wait for the next one', () => {
    const replica = begun()
    const beyond = 2 + VOTE_LIMIT_ROOM
    expect(preparesIn(replica.receive(kit.prePrepare({ sequence: beyond, batch: second })))).toBe(0)
    expect(preparesIn(replica.sync())).toBe(1)
  })

  test('PBFT-6.5 after a restart it sends no PREPARE up to the limit, and one beyond it', () => {
    const replica = begun()
    expect(preparesIn(replica.receive(kit.prePrepare({ sequence: 2, batch: second })))).toBe(1)
    const again = replica.restarted() // without the second batch
    const other = batchOf(2)
    const effects = [...again.receive(kit.prePrepare({ sequence: 2, batch: other })), ...again.settle()]
    expect(preparesIn(effects)).toBe(0)
    const beyond = kit.prePrepare({ sequence: 2 + VOTE_LIMIT_ROOM, batch: second })
    expect(preparesIn([...again.receive(beyond), ...again.settle()])).toBe(1)
  })

  test('PBFT-6.5 where it abstains it still counts the votes of the others, and sends COMMIT', () => {
    const again = begun().restarted()
    again.receive(kit.prePrepare({ sequence: 2, batch: second }))
    again.receiveAll(prepareAt(2, second.digest))
    expect(sentKinds(again.settle())).toContain('commit')
  })

  test('PBFT-6.5 it repeats no PREPARE of its log, which may hold another pre-prepare than an earlier start voted for', () => {
    const replica = begun()
    replica.receive(kit.prePrepare({ sequence: 2, batch: second })) // its PREPARE left, and the power goes
    const abstaining = replica.restarted()
    abstaining.receive(kit.prePrepare({ sequence: 2, batch: batchOf(2) }))
    abstaining.settle()
    const third = abstaining.restarted()
    expect(sentKinds(third.resumed)).not.toContain('prepare')
    expect(sentKinds([...third.tickHearing(20), ...third.settle()])).not.toContain('prepare')
  })

  test('PBFT-6.5 a limit that is not on disk was used by nobody: the next start votes', () => {
    const replica = new ReplicaUnderTest(kit, 1)
    replica.receive(kit.prePrepare({ sequence: 1, batch: first }))
    const again = new ReplicaUnderTest(kit, 1) // the log has nothing but its birth
    again.receive(kit.prePrepare({ sequence: 1, batch: second }))
    expect(preparesIn(again.settle())).toBe(1)
  })

  test('PBFT-6.5 a restarted primary proposes nothing more and leaves its view', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    primary.settle()
    const again = primary.restarted()
    expect(sentKinds([...again.resumed, ...again.settle()])).toContain('view-change')
    expect(sentKinds([...again.receive(kit.request(1)), ...again.settle()])).not.toContain('pre-prepare')
  })

  test('PBFT-6.5 a backup leaves the view whose primary has left it', () => {
    const replica = begun()
    replica.receive(kit.viewChange(0, 1))
    replica.tickHearing()
    expect(broadcastsOf(replica.settle(), 'view-change')).toHaveLength(1)
  })

  test('PBFT-6.5 a trim keeps the limit', () => {
    const replica = new ReplicaUnderTest(kit, 1)
    const batches = Array.from({ length: K + 2 }, (_, index) => kit.batch([], index + 1))
    for (const [index, batch] of batches.entries()) decide(kit, replica, { sequence: index + 1, batch })
    replica.receive(kit.stableCheckpoint(3, kit.certificate(K, rootAfter(batches.slice(0, K)))))
    replica.settle()
    replica.store()
    replica.settle()
    expect(replica.trimmedBefore).toBeGreaterThan(0)
    const again = replica.restarted()
    const next = kit.prePrepare({ sequence: K + 3, batch: second })
    expect(preparesIn([...again.receive(next), ...again.settle()])).toBe(0)
  })

  test('PBFT-6.5 a PREPARE that it lost within the limit is no sign of amnesia; one beyond it, or a COMMIT, is', () => {
    const shown = (kind: 'prepare' | 'commit', sequence: number) => {
      const again = begun().restarted()
      again.step({ kind: 'resumed', nonce: 7 })
      const remembered = kit.votes(kind, [1], { sequence, digest: second.digest })
      again.receive(kit.recollection(2, { nonce: 7, remembered }))
      return again.state.recovery.health
    }
    expect(shown('prepare', 2)).toBe('sound')
    expect(shown('prepare', 2 + VOTE_LIMIT_ROOM)).toBe('amnesiac')
    expect(shown('commit', 2)).toBe('amnesiac')
  })

  describe('a certificate whose batch is lost', () => {
    const others = kit.ids.filter((id) => id !== 1)
    const prepared = [kit.preparedCertificate({ sequence: 1, digest: first.digest })]
    /** The primary of view 1 with Q VIEW-CHANGEs, of which one shows the certificate. */
    const stuck = () => {
      const primary = new ReplicaUnderTest(kit, 1)
      const [liar = 0, ...rest] = others.slice(0, kit.q - 1)
      const effects = [
        ...primary.receive(kit.viewChange(liar, 1, { prepared })),
        ...primary.receiveAll(kit.viewChanges(rest, 1)),
        ...primary.settle(),
      ]
      return { primary, effects }
    }
    const choicesIn = (effects: Parameters<typeof effectsOf>[0]) =>
      broadcastsOf(effects, 'new-view').map(({ choices }) => choices.length)

    test('PBFT-6.5 no NEW-VIEW chooses what its primary does not hold; it asks for it', () => {
      const { primary, effects } = stuck()
      expect(choicesIn(effects)).toEqual([])
      const fetched = broadcastsOf(primary.tickHearing(10), 'fetch').map(({ digest }) => digest)
      expect(fetched).toContainEqual(first.digest)
      const got = [...primary.receive(kit.delivery(0, 1, first)), ...primary.settle()]
      expect(choicesIn(got)).toEqual([1])
    })

    test('PBFT-6.5 it is passed over once Q others are there, and the view begins', () => {
      const { primary } = stuck()
      const last = others.at(-1) ?? 0
      expect(choicesIn([...primary.receive(kit.viewChange(last, 1)), ...primary.settle()])).toEqual([0])
      expect(primary.state.views.isActive).toBe(true)
    })

    test('PBFT-3.3 with votes on disk the NEW-VIEW chooses it, since W correct replicas hold the batch', () => {
      const synced = createClusterKit(n)
      const certificate = synced.preparedCertificate({ sequence: 1, digest: first.digest })
      const primary = new ReplicaUnderTest(synced, 1)
      const [one = 0, ...rest] = others.slice(0, synced.q - 1)
      const effects = [
        ...primary.receive(synced.viewChange(one, 1, { prepared: [certificate] })),
        ...primary.receiveAll(synced.viewChanges(rest, 1)),
        ...primary.settle(),
      ]
      expect(choicesIn(effects)).toEqual([1])
    })
  })
})
