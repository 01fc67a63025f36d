/** Rule 1.4: COMMIT, committed-local, decisions and their certificates. OSDI 1999 section 4.2. */
import { describe, expect, test } from 'vitest'
import { certificateFault } from '../../src/messages/certificate.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { openSlot } from '../../src/pbft/ordering/ordering-state.ts'
import { isCommittedLocal } from '../../src/pbft/ordering/slot.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batch = kit.batch([kit.request(0)])
  const other = kit.batch([kit.request(1)])
  const at = { sequence: 1, digest: batch.digest }
  const others = kit.ids.filter((id) => id !== 1)
  const backups = others.filter((id) => id !== 0)
  const prePrepare = kit.prePrepare({ sequence: 1, batch })
  const slotAt1 = (replica: ReplicaUnderTest) => openSlot(replica.state, prePrepare.sequence)

  test('PBFT-1.4 COMMIT is sent when prepared, not before', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    for (const [index, sender] of backups.entries()) {
      const before = broadcastsOf(backup.settle(), 'commit')
      expect(before.length > 0).toBe(index === kit.q - 2)
      backup.receive(kit.vote('prepare', sender, at))
    }
  })

  test('PBFT-1.4 the primary sends a COMMIT like any other', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    primary.settle()
    primary.receiveAll(kit.votes('prepare', kit.ids.slice(1, kit.q), at))
    expect(broadcastsOf(primary.settle(), 'commit')).toEqual([{ kind: 'commit', view: 0, ...at }])
  })

  test('PBFT-1.4 Q matching COMMITs execute, Q - 1 do not', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q - 1), at))
    expect(backup.executed).toEqual([])
    // Again from the same senders: still Q - 1 distinct ones.
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q - 1), at))
    expect(backup.executed).toEqual([])
    backup.receiveAll(kit.votes('commit', others.slice(kit.q - 1, kit.q), at))
    expect(backup.executed.map(({ batch: { digest } }) => digest)).toEqual([batch.digest])
  })

  test('PBFT-1.4 committed-local is prepared and Q matching COMMITs', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.isExecuting = false
    const slot = slotAt1(backup)
    backup.receive(prePrepare)
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q), at))
    expect(isCommittedLocal(slot)).toBe(false) // decided, and not by itself prepared
    const prepared = new ReplicaUnderTest(kit, 1)
    const preparedSlot = slotAt1(prepared)
    prepared.receive(prePrepare)
    prepared.receiveAll(kit.votes('prepare', backups, at))
    prepared.settle()
    expect(isCommittedLocal(preparedSlot)).toBe(false)
    prepared.receiveAll(kit.votes('commit', others.slice(0, kit.q - 1), at))
    expect(isCommittedLocal(preparedSlot)).toBe(true) // the own COMMIT is the Q-th
  })

  test('PBFT-1.4 it decides without its own PREPARE', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q), at))
    backup.receive(prePrepare)
    expect(backup.executed).toHaveLength(1)
  })

  test('PBFT-1.4 it decides against another accepted digest, and the batch is fetched by digest from all', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.prePrepare({ sequence: 1, batch: other }))
    backup.settle()
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q), at))
    expect(backup.executed).toEqual([])
    const fetches = broadcastsOf(backup.tick(5), 'fetch')
    expect(fetches).toEqual([{ kind: 'fetch', ...at }])
    backup.receive(kit.delivery(3, 1, other)) // not what was asked for
    expect(backup.executed).toEqual([])
    backup.receive(kit.delivery(2, 1, batch))
    expect(backup.executed.map(({ batch: { digest } }) => digest)).toEqual([batch.digest])
  })

  test('PBFT-1.4 a batch is fetched repeatedly until it arrives', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q), at))
    expect(broadcastsOf(backup.tick(200), 'fetch').length).toBeGreaterThan(10)
  })

  test('PBFT-1.4 a batch that it did not ask for changes nothing', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    expect(backup.receive(kit.delivery(2, 1, batch))).toEqual([])
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q - 1), at))
    expect(backup.receive(kit.delivery(2, 1, batch))).toEqual([])
    expect(backup.state.ordering.slots.get(prePrepare.sequence)?.decidedBatch).toBeNull()
  })

  test('PBFT-1.4 every replica that accepted or decided the batch answers a FETCH, and only for that digest', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    expect(effectsOf(backup.receive(kit.fetch(2, 1, batch.digest)), 'send')).toEqual([])
    backup.receive(prePrepare)
    expect(effectsOf(backup.receive(kit.fetch(2, 1, other.digest)), 'send')).toEqual([])
    expect(effectsOf(backup.receive(kit.fetch(2, 1, batch.digest)), 'send')).toEqual([
      { kind: 'send', to: 2, outgoing: { kind: 'batch', sequence: 1, batch } },
    ])
    decide(kit, backup, { sequence: 1, batch })
    expect(backup.receive(kit.fetch(2, 1, batch.digest))).toEqual([{ kind: 'serve', to: 2, sequences: [1] }])
  })

  test('PBFT-1.4 a decision is transferable: in any view, whatever was accepted, without an own prepare', () => {
    for (const view of [0, 1, 7]) {
      const backup = new ReplicaUnderTest(kit, 1)
      backup.receive(kit.prePrepare({ sequence: 1, batch: other }))
      backup.receive(kit.decision({ view, sequence: 1, batch, sender: 2 }))
      expect(backup.executed.map(({ batch: { digest } }) => digest)).toEqual([batch.digest])
      expect(backup.state.views.view).toBe(0) // a decision moves no view
    }
  })

  test('PBFT-1.4 single COMMITs count in the current view only', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q), { ...at, view: n }))
    expect(backup.executed).toEqual([])
  })

  test('PBFT-1.4 COMMITs for two digests do not add up', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q - 1), at))
    backup.receiveAll(kit.votes('commit', others.slice(kit.q - 1), { sequence: 1, digest: other.digest }))
    expect(backup.executed).toEqual([])
  })

  test('PBFT-1.4 the certificate given to execution and to the log is one that anyone accepts', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    decide(kit, backup, { sequence: 1, batch })
    const [executed] = backup.executed
    const expected = { kind: 'commit', needed: kit.q, digest: batch.digest } as const
    expect(certificateFault(executed?.commits ?? [], expected)).toBeNull()
    const logged = backup.records.find((record) => record.kind === 'decided')
    expect(logged?.commits).toEqual(executed?.commits)
    const frame = kit.frameOf(1, { ...prePrepare, kind: 'decision', commits: executed?.commits ?? [] })
    const message = decodeMessage(frame, kit.tools)
    expect(isRejection(message) ? message : isRejection(kit.authenticated(message, kit.replicaPeer(1)))).toBe(
      false,
    )
  })

  test('PBFT-1.4 a decision too small, mixed, or with a sender twice is refused by its name', () => {
    const votes = (kind: 'prepare' | 'commit', senders: readonly number[], place = {}) =>
      kit.votes(kind, senders, { ...at, ...place })
    const enough = kit.ids.slice(0, kit.q)
    const cases = [
      [votes('commit', enough.slice(1)), 'certificate-too-small'],
      [[], 'certificate-too-small'],
      [[...votes('commit', enough.slice(1)), ...votes('prepare', [0])], 'certificate-mixed'],
      [[...votes('commit', enough.slice(1)), ...votes('commit', [0], { view: n })], 'certificate-mixed'],
      [[...votes('commit', enough.slice(1)), ...votes('commit', [0], { sequence: 2 })], 'certificate-mixed'],
      [
        [...votes('commit', enough.slice(1)), ...votes('commit', [0], { digest: other.digest })],
        'certificate-mixed',
      ],
      [votes('commit', enough, { sequence: 2 }), 'certificate-mixed'],
      [votes('commit', enough, { view: 1 }), 'certificate-mixed'],
      [
        [...votes('commit', enough.slice(1)), ...votes('commit', enough.slice(1, 2))],
        'certificate-repeats-a-sender',
      ],
    ] as const
    for (const [commits, reason] of cases) {
      const { view, sequence } = prePrepare
      const bytes = kit.frameOf(2, { kind: 'decision', view, sequence, batch, commits })
      const message = decodeMessage(bytes, kit.tools)
      if (isRejection(message)) throw new Error(message.reason)
      expect(kit.authenticated(message, kit.replicaPeer(2))).toMatchObject({ reason })
    }
  })
})
