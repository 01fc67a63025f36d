/** Rule 1.3: PREPARE and the predicate prepared. OSDI 1999 section 4.2. */
import { describe, expect, test } from 'vitest'
import type { View } from '../../src/base/ids.ts'
import { COUNTER_MAX } from '../../src/messages/limits.ts'
import { openSlot } from '../../src/pbft/ordering/ordering-state.ts'
import { isPrepared } from '../../src/pbft/ordering/slot.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, effectsOf, ReplicaUnderTest, reasonsOf } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batch = kit.batch([kit.request(0)])
  const other = kit.batch([kit.request(1)])
  const at = { sequence: 1, digest: batch.digest }
  const prePrepare = kit.prePrepare({ sequence: 1, batch })
  const backups = kit.ids.slice(1)
  const others = backups.filter((id) => id !== 1)
  const isPreparedAt1 = (replica: ReplicaUnderTest) =>
    isPrepared(openSlot(replica.state, prePrepare.sequence))

  test('PBFT-1.3 a backup sends PREPARE, a primary never does', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    expect(broadcastsOf(primary.settle(), 'prepare')).toEqual([])
    for (const id of backups) {
      const backup = new ReplicaUnderTest(kit, id)
      backup.receive(prePrepare)
      expect(broadcastsOf(backup.settle(), 'prepare')).toHaveLength(1)
    }
  })

  test('PBFT-1.3 a PREPARE of the primary is rejected', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    expect(reasonsOf(backup.receive(kit.vote('prepare', 0, at)))).toEqual(['prepare-from-primary'])
  })

  test('PBFT-1.3 the primary of a later view is a backup in this one, and the other way round', () => {
    const backup = new ReplicaUnderTest(kit, 2)
    backup.state.views.view = 1 as View
    const later = { ...at, view: 1 }
    expect(reasonsOf(backup.receive(kit.vote('prepare', 1, later)))).toEqual(['prepare-from-primary'])
    expect(reasonsOf(backup.receive(kit.vote('prepare', 0, later)))).toEqual([])
  })

  test("PBFT-1.3 prepared needs Q - 1 PREPAREs of distinct backups, the primary's own does not count", () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    primary.settle()
    for (const [index, sender] of backups.entries()) {
      expect(isPreparedAt1(primary)).toBe(index >= kit.q - 1)
      primary.receive(kit.vote('prepare', 0, at))
      primary.receive(kit.vote('prepare', sender, at))
      primary.receive(kit.vote('prepare', sender, at)) // twice from one sender is one
    }
    expect(isPreparedAt1(primary)).toBe(true)
  })

  test('PBFT-1.3 its own PREPARE counts as one of them', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.settle()
    backup.receiveAll(kit.votes('prepare', others.slice(0, kit.q - 3), at))
    expect(isPreparedAt1(backup)).toBe(false)
    backup.receiveAll(kit.votes('prepare', others.slice(kit.q - 3, kit.q - 2), at))
    expect(isPreparedAt1(backup)).toBe(true)
  })

  test("PBFT-1.3 the others' Q - 1 PREPAREs are enough before the own one is on disk", () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.receiveAll(kit.votes('prepare', others.slice(0, kit.q - 1), at))
    expect(isPreparedAt1(backup)).toBe(others.length >= kit.q - 1)
  })

  test('PBFT-1.3 without pre-prepare and batch nothing is prepared, whatever the votes', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receiveAll(kit.votes('prepare', others, at))
    expect(isPreparedAt1(backup)).toBe(false)
    expect(backup.records).toEqual([])
  })

  test('PBFT-1.3 PREPAREs for another digest do not prepare the accepted one', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.settle()
    backup.receiveAll(kit.votes('prepare', others, { sequence: 1, digest: other.digest }))
    expect(isPreparedAt1(backup)).toBe(false)
  })

  test('PBFT-1.3 PREPAREs for another sequence number or view do not count', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.settle()
    backup.receiveAll(kit.votes('prepare', others, { sequence: 2, digest: batch.digest }))
    const effects = backup.receiveAll(
      kit.votes('prepare', others, { view: n, sequence: 1, digest: batch.digest }),
    )
    expect(effects).toEqual([]) // kept until that view begins
    expect(isPreparedAt1(backup)).toBe(false)
  })

  test('PBFT-1.3 the prepared certificate is Q - 1 PREPAREs of one (v, s, D) from distinct backups', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.settle()
    backup.receive(kit.vote('prepare', others[0] ?? 0, { sequence: 1, digest: other.digest }))
    const effects = backup.receiveAll(kit.votes('prepare', others.slice(1), at))
    const certificates = effectsOf(effects, 'persist').flatMap(({ record }) =>
      record.kind === 'prepared' ? [record.certificate.prepares] : [],
    )
    expect(certificates).toHaveLength(others.length - 1 >= kit.q - 2 ? 1 : 0)
    for (const prepares of certificates) {
      expect(new Set(prepares.map(({ sender }) => sender)).size).toBe(kit.q - 1)
      expect(prepares.some(({ sender }) => sender === 0)).toBe(false)
      for (const vote of prepares) expect(vote).toMatchObject({ kind: 'prepare', view: 0, ...at })
    }
  })

  test('PBFT-1.3 a vote outside the window is refused and opens nothing', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    for (const sequence of [0, 257, COUNTER_MAX]) {
      const effects = backup.receive(kit.vote('prepare', 2, { sequence, digest: batch.digest }))
      expect(reasonsOf(effects)).toEqual(['outside-window'])
    }
    expect(backup.state.ordering.slots.size).toBe(0)
  })
})
