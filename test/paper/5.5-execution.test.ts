/**
 * Rule 5.5 where batches are executed: one that asks for much takes many turns, others have theirs in between, and
 * whatever comes then meets the state between two batches.
 */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { Sequence } from '../../src/base/ids.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { kindNumberIn } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import type { Batch, PageFetch } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { Store } from '../../src/store/application.ts'
import { encodeOperations, type Operation } from '../../src/store/operations-writer.ts'
import type { TreeSnapshot } from '../../src/tree/snapshot.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { RuntimeUnderTest } from '../kit/runtime-kit.ts'
import { Driver, list, put } from '../store/harness.ts'

const kit = createClusterKit(4)
/** Units of `Allowance` in one turn: four operations. */
const PER_TURN = 20
const K = CHECKPOINT_INTERVAL
/** A checkpoint beyond the log's reach, so that its state is fetched at once. */
const FAR = (4 * K) as Sequence
const clients = [0, 1, 2].map(kit.clientId)

const operations = (count: number, value = 'v'): Uint8Array =>
  encodeOperations(
    Array.from({ length: count }, (_, at): Operation => (at % 8 === 7 ? list('k', 5) : put(`k${at}`, value))),
  )
const requestOf = (client: number, timestamp: number, count: number) =>
  kit.request(client, { timestamp, operations: operations(count) })
const shortBatch = (sequence: number): Batch => kit.batch([requestOf(2, sequence, 1)])
/** Two requests of a client each, some dozens of turns together. */
const LONG = kit.batch([requestOf(0, 1, 200), requestOf(1, 1, 200)])

interface Backup {
  readonly replica: RuntimeUnderTest
  readonly store: Store
  readonly decided: (sequence: number, batch: Batch) => void
}

function backupWith(executedPerTurn = PER_TURN): Backup {
  const { store } = new Driver({ clients })
  const replica = new RuntimeUnderTest(kit, 1, new Uint8Array(0), { application: store, executedPerTurn })
  const decided = (sequence: number, batch: Batch) =>
    replica.deliver(kit.replicaPeer(0), kit.decision({ sequence, batch }).bytes)
  return { replica, store, decided }
}

const isExecuting = ({ replica }: Backup): boolean =>
  replica.runtime.state.ordering.lastHandedOver > replica.runtime.state.ordering.lastExecuted

/** Goes on until the batch that follows so many is half done: its first request is executed. */
function halfWay(backup: Backup, executed = 0): void {
  const isThere = (): boolean =>
    isExecuting(backup) && backup.replica.runtime.state.ordering.lastExecuted === executed
  for (let done = 0; !isThere(); done++) {
    if (done > 10_000 || !backup.replica.runOne()) throw new Error('the batch took no more than a turn')
  }
  for (let turns = 0; turns < 60; turns++) backup.replica.runOne()
  expect(isExecuting(backup)).toBe(true)
}

const sentOf = ({ replica }: Backup, kind: keyof typeof FRAME_KINDS): readonly Uint8Array[] =>
  replica.sent.map(({ frame }) => frame).filter((frame) => kindNumberIn(frame) === FRAME_KINDS[kind])

/** The state of one that executed these batches in one go, and nothing else. */
function stateAfter(...batches: readonly Batch[]): string {
  const driver = new Driver({ clients })
  for (const { requests, time } of batches) driver.batch(requests, time)
  return driver.fingerprint()
}

describe('a batch that asks for much', () => {
  test('PBFT-5.5 others have their turns while a batch is executed, and see the state before it', () => {
    const backup = backupWith()
    backup.decided(1, shortBatch(1))
    backup.replica.run()
    const { revision } = backup.store
    backup.decided(2, LONG)
    halfWay(backup, 1)
    let turns = 0
    for (; isExecuting(backup); turns++) {
      expect(backup.store.revision).toBe(revision)
      expect(backup.replica.runtime.state.ordering.lastExecuted).toBe(1)
      const says = { lastExecuted: (turns + 10) as Sequence }
      backup.replica.deliver(kit.replicaPeer(2), kit.status(2, says).bytes)
      backup.replica.runOne()
      expect(backup.replica.runtime.state.catchUp.peers[2]?.lastExecuted).toBe(turns + 10)
    }
    expect(turns).toBeGreaterThan(10)
    backup.replica.run()
    expect(toHex(backup.store.fingerprint())).toBe(stateAfter(shortBatch(1), LONG))
  })

  test('PBFT-1.7 a request that comes again while it is executed is answered once, when all of its batch is', () => {
    const backup = backupWith()
    backup.decided(1, LONG)
    halfWay(backup)
    backup.replica.deliver(kit.clientPeer(0), requestOf(0, 1, 200).bytes)
    for (let turns = 0; turns < 5; turns++) backup.replica.runOne()
    expect(sentOf(backup, 'reply')).toEqual([])
    expect(sentOf(backup, 'refusal')).toEqual([])
    backup.replica.run()
    expect(sentOf(backup, 'reply')).toHaveLength(2)
    expect(backup.replica.runtime.state.requests.waiting.size).toBe(0)
    backup.replica.receive(kit.clientPeer(0), requestOf(0, 1, 200).bytes)
    expect(sentOf(backup, 'reply')).toHaveLength(3)
  })

  test('PBFT-1.6 what is decided meanwhile is executed after it, whatever the size of a turn', () => {
    for (const perTurn of [1, 7, PER_TURN, 500, 1e9]) {
      const backup = backupWith(perTurn)
      const batches = [LONG, shortBatch(2), shortBatch(3), kit.batch([], 0), shortBatch(5)]
      for (const [index, batch] of batches.entries()) backup.decided(index + 1, batch)
      backup.replica.run()
      expect(backup.replica.runtime.state.ordering.lastExecuted).toBe(batches.length)
      expect(toHex(backup.store.fingerprint())).toBe(stateAfter(...batches))
      expect(sentOf(backup, 'reply')).toHaveLength(5)
    }
  })

  test('PBFT-2.1 a checkpoint is frozen in front of the next batch, though that is decided already', () => {
    const backup = backupWith()
    const batches = Array.from({ length: K }, (_, index) => shortBatch(index + 1))
    for (const [index, batch] of batches.entries()) backup.decided(index + 1, batch)
    backup.decided(K + 1, LONG)
    halfWay(backup, K)
    const root = backup.replica.runtime.state.checkpoints.ownRoots.get(K as Sequence)
    expect(toHex(root ?? new Uint8Array(0))).toBe(stateAfter(...batches))
  })

  test('PBFT-5.5 a replica that is stopped in the middle of it does nothing more', () => {
    const backup = backupWith()
    backup.decided(1, LONG)
    halfWay(backup)
    backup.replica.sent.length = 0
    backup.replica.runtime.stop()
    backup.replica.run()
    expect(backup.replica.runtime.state.ordering.lastExecuted).toBe(0)
    expect(backup.store.lastSequence).toBe(0)
    expect(backup.replica.sent).toEqual([])
  })
})

describe('a state that is fetched in the middle of a batch', () => {
  const source = farState()
  const certificate = kit.certificate(FAR, source.hashAll())

  const asked = (backup: Backup): readonly { readonly to: number; readonly fetch: PageFetch }[] =>
    backup.replica.sent.splice(0).flatMap(({ to, frame }) => {
      const message = decodeMessage(frame, kit.tools)
      const isFetch = !isRejection(message) && message.kind === 'page-fetch' && to.kind === 'replica'
      return isFetch ? [{ to: Number(to.id), fetch: message }] : []
    })

  const answer = (backup: Backup): void => {
    for (const { to, fetch } of asked(backup)) {
      for (const path of fetch.paths) {
        const page = source.page(path)?.slice() ?? new Uint8Array(0)
        const content = { kind: 'page', sequence: FAR, path, page } as const
        backup.replica.deliver(kit.replicaPeer(to), kit.frameOf(to, content))
      }
    }
  }

  const learnOfCheckpoint = (backup: Backup): void =>
    backup.replica.deliver(kit.replicaPeer(0), kit.stableCheckpoint(0, certificate).bytes)

  test('PBFT-2.5 nothing is asked for before the batch is done, and then it is', () => {
    const backup = backupWith()
    backup.decided(1, LONG)
    halfWay(backup)
    learnOfCheckpoint(backup)
    backup.replica.runOne()
    backup.replica.tickOnly()
    for (let turns = 0; turns < 5; turns++) backup.replica.runOne()
    expect(backup.replica.runtime.state.transfer.target?.sequence).toBe(FAR)
    expect(isExecuting(backup)).toBe(true)
    expect(asked(backup)).toEqual([])
    while (isExecuting(backup)) backup.replica.runOne()
    backup.replica.run()
    expect(backup.replica.runtime.state.ordering.lastExecuted).toBe(1)
    for (let rounds = 0; rounds < 100 && backup.store.lastSequence < FAR; rounds++) {
      answer(backup)
      backup.replica.tick()
    }
    expect(backup.replica.runtime.state.ordering.lastExecuted).toBe(FAR)
    expect(toHex(backup.store.fingerprint())).toBe(toHex(certificate.root))
  })

  test('PBFT-2.5 it takes the place of the one that is being changed, and what comes after it is executed', () => {
    const backup = backupWith()
    learnOfCheckpoint(backup)
    backup.replica.run()
    backup.replica.tick()
    backup.decided(1, LONG)
    backup.decided(2, shortBatch(1))
    halfWay(backup)
    for (let rounds = 0; rounds < 100 && backup.store.lastSequence < FAR; rounds++) {
      expect(isExecuting(backup)).toBe(true)
      expect(backup.replica.runtime.state.ordering.lastExecuted).toBe(0)
      answer(backup)
      backup.replica.runOne()
    }
    expect(backup.store.lastSequence).toBe(FAR)
    expect(backup.replica.runtime.state.ordering.lastExecuted).toBe(FAR)
    expect(isExecuting(backup)).toBe(false)
    expect(toHex(backup.store.fingerprint())).toBe(toHex(certificate.root))
    backup.replica.run()
    expect(sentOf(backup, 'reply')).toEqual([])
    backup.decided(FAR + 1, LONG)
    backup.replica.run()
    expect(backup.replica.runtime.state.ordering.lastExecuted).toBe(FAR + 1)
    expect(sentOf(backup, 'reply')).toHaveLength(2)
  })

  /** The state of a replica that executed many batches. */
  function farState(): TreeSnapshot {
    const driver = new Driver({ clients })
    for (let sequence = 1; sequence <= FAR; sequence++) driver.batch(shortBatch(sequence).requests)
    return driver.store.snapshot()
  }
})
