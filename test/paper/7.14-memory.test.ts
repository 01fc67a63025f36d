/** Rule 7.14: every queue and map stays within its named bound, whatever a peer does. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { ClientId, Sequence } from '../../src/base/ids.ts'
import { UNEXECUTED_BYTES_MAX } from '../../src/pbft/parameters.ts'
import type { Log } from '../../src/ports.ts'
import { Inbox } from '../../src/runtime/inbound/inbox.ts'
import { DecisionArchive } from '../../src/runtime/log/decision-archive.ts'
import { indexRecord } from '../../src/runtime/log/decision-index.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { ReplicaUnderTest } from '../kit/replica-kit.ts'

const MIB = 1024 * 1024
const kit = createClusterKit(4)

/** Bytes of array buffers that are still reachable. */
function reachableBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().arrayBuffers
}

describe('the inbox', () => {
  test('PBFT-7.14 a peer whose queue never runs empty holds no more than what waits', () => {
    const inbox = new Inbox(() => {})
    const before = reachableBytes()
    inbox.push(kit.replicaPeer(1), new Uint8Array(MIB))
    for (let frame = 0; frame < 200; frame++) {
      inbox.push(kit.replicaPeer(1), new Uint8Array(MIB))
      inbox.take()
    }
    expect(reachableBytes() - before).toBeLessThan(16 * MIB)
    expect(inbox.isEmpty).toBe(false)
  })

  test('PBFT-7.14 tiny frames are not held for a few bytes each', () => {
    const inbox = new Inbox(() => {})
    const tiny = new Uint8Array(9)
    let held = 0
    while (inbox.push({ kind: 'client', id: 'stranger' as ClientId }, tiny)) held++
    expect(held).toBeLessThan(5_000)
  })

  test('PBFT-7.14 a full queue holds its link, and releases it when half is taken', () => {
    const resumed: unknown[] = []
    const inbox = new Inbox((peer) => resumed.push(peer))
    let accepted = 0
    while (inbox.push(kit.replicaPeer(1), new Uint8Array(MIB))) accepted++
    expect(accepted).toBe(8)
    expect(inbox.push(kit.replicaPeer(2), new Uint8Array(10))).toBe(true)
    expect(inbox.take()?.peer).toEqual(kit.replicaPeer(1))
    expect(inbox.take()?.peer).toEqual(kit.replicaPeer(2)) // in turn, not after the other's nine
    while (resumed.length === 0) inbox.take()
    expect(resumed).toEqual([kit.replicaPeer(1)])
  })
})

describe('the slots', () => {
  const large = (client: number) => kit.request(client, { operations: new Uint8Array(2 * MIB - 4096) })
  const requests = [large(0), large(1)]

  test('PBFT-7.14 accepted batches that are not executed stay within their bytes, the next one is taken', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    for (let sequence = 2; sequence <= 24; sequence++) {
      backup.receive(kit.prePrepare({ sequence, batch: kit.batch(requests, sequence) }))
    }
    expect(backup.state.ordering.batches.bytes).toBeLessThanOrEqual(UNEXECUTED_BYTES_MAX)
    backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch(requests, 1) }))
    expect(backup.records.filter(({ kind }) => kind === 'accepted')).toContainEqual(
      expect.objectContaining({ prePrepare: expect.objectContaining({ sequence: 1 }) }),
    )
  })

  test('PBFT-7.14 decided batches that wait for an earlier one stay within the same bytes', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    for (let sequence = 2; sequence <= 24; sequence++) {
      backup.receive(kit.decision({ sequence, batch: kit.batch(requests, sequence) }))
    }
    const { batches, slots } = backup.state.ordering
    let held = 0
    for (const { decidedBatch } of slots.values()) held += decidedBatch?.bytes.length ?? 0
    expect(held).toBe(batches.bytes)
    expect(held).toBeLessThanOrEqual(UNEXECUTED_BYTES_MAX)
  })
})

/** The records of one replica as its log gives them back. */
const logOf = (records: readonly Uint8Array[]): Log => ({
  append: () => records.length,
  sync: (done) => done(),
  read: (position, done) => done(records[position] ?? null),
  trim: () => {},
})

describe('executed decisions', () => {
  test('PBFT-1.4 what the log serves for a decision is the batch that was decided', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const decided = kit.batch([kit.request(0)])
    // A faulty primary proposes one batch for later to this replica, and has another one decided by the rest.
    const late = kit.batch([kit.request(1)], backup.state.clock.now + 1_500)
    backup.receive(kit.prePrepare({ sequence: 2, batch: late }))
    backup.receive(kit.decision({ sequence: 2, batch: decided }))
    backup.tick(100) // the other batch's time has come
    backup.receive(kit.decision({ sequence: 1, batch: kit.batch() }))
    backup.settle()
    expect(backup.executed.map(({ batch }) => toHex(batch.digest))[1]).toBe(toHex(decided.digest))

    const archive = new DecisionArchive(logOf(backup.log), kit.tools, kit.authenticator)
    for (const [position, record] of backup.records.entries()) indexRecord(archive, record, position)
    const served: (string | null)[] = []
    archive.find(2 as Sequence, (decision) => served.push(decision && toHex(decision.batch.digest)))
    expect(served).toEqual([toHex(decided.digest)])
  })

  test('PBFT-1.3 a replica that has a decided batch votes for no other one', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const late = kit.batch([kit.request(1)], backup.state.clock.now + 1_500)
    backup.receive(kit.prePrepare({ sequence: 2, batch: late }))
    backup.receive(kit.decision({ sequence: 2, batch: kit.batch([kit.request(0)]) }))
    backup.tick(100)
    expect(backup.records.filter(({ kind }) => kind === 'accepted')).toEqual([])
  })
})
