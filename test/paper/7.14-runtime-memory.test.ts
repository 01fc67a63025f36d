/** Rule 7.14 at the loop around the protocol: what one small message can make a correct replica hold or send. */
import { describe, expect, test } from 'vitest'
import { kindNumberIn } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { RuntimeUnderTest, type SentFrame } from '../kit/runtime-kit.ts'

const MIB = 1024 * 1024
const kit = createClusterKit(4)

const repliesIn = (sent: readonly SentFrame[]): readonly Uint8Array[] =>
  sent.map(({ frame }) => frame).filter((frame) => kindNumberIn(frame) === FRAME_KINDS.reply)

const bytesOf = (frames: readonly Uint8Array[]): number =>
  frames.reduce((sum, frame) => sum + frame.length, 0)

/** A backup that executed `count` batches of one request each. */
function executedUpTo(count: number): RuntimeUnderTest {
  const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
  for (let sequence = 1; sequence <= count; sequence++) {
    const batch = kit.batch([kit.request(0, { timestamp: sequence })])
    backup.receive(kit.replicaPeer(0), kit.decision({ sequence, batch }).bytes)
  }
  expect(backup.runtime.state.ordering.lastExecuted).toBe(count)
  return backup
}

describe('replies', () => {
  test('PBFT-7.14 a batch that repeats one small request does not multiply its large results', () => {
    const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(MIB))
    const batch = kit.batch(new Array(64).fill(kit.request(0)))
    backup.receive(kit.replicaPeer(0), kit.decision({ sequence: 1, batch }).bytes)
    expect(repliesIn(backup.sent).length).toBeGreaterThan(0)
    expect(bytesOf(repliesIn(backup.sent))).toBeLessThan(4 * MIB)
  })

  test('PBFT-7.14 proposing what was executed long ago sends no large results again', () => {
    const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(MIB))
    const request = kit.request(0)
    backup.receive(kit.replicaPeer(0), kit.decision({ sequence: 1, batch: kit.batch([request]) }).bytes)
    backup.sent.length = 0
    for (let sequence = 2; sequence <= 17; sequence++) {
      const again = kit.decision({ sequence, batch: kit.batch([request], sequence) })
      backup.receive(kit.replicaPeer(0), again.bytes)
    }
    expect(bytesOf(repliesIn(backup.sent))).toBeLessThan(4 * MIB)
  })
})

describe('serving from the log', () => {
  test('PBFT-7.14 a peer that claims to lag has a bounded number of reads under way, however slow the disk', () => {
    const backup = executedUpTo(100)
    for (let round = 0; round < 20; round++) {
      backup.tick(5)
      backup.receive(kit.replicaPeer(2), kit.status(2).bytes)
    }
    expect(backup.reads.length).toBeLessThanOrEqual(64)
  })

  test('PBFT-1.11 what lies in the log is served', () => {
    const backup = executedUpTo(100)
    backup.sent.length = 0
    backup.tick(5)
    backup.receive(kit.replicaPeer(2), kit.status(2).bytes)
    while (backup.reads.length > 0) backup.reads.shift()?.()
    const decisions = backup.sent.filter(({ frame }) => kindNumberIn(frame) === FRAME_KINDS.decision)
    expect(decisions).toHaveLength(32)
    expect(decisions[0]?.frame).toEqual(
      kit.decision({ sequence: 1, sender: 1, batch: kit.batch([kit.request(0)]) }).bytes,
    )
  })
})

describe('the turn', () => {
  test('PBFT-7.14 rubbish from a peer is refused by name and leaves nothing behind', () => {
    const backup = executedUpTo(1)
    backup.sent.length = 0
    const rubbish = [new Uint8Array(0), new Uint8Array(9), Uint8Array.of(0, 0, 0, 5, 200, 0, 0, 0, 0)]
    backup.receive(kit.replicaPeer(3), ...rubbish)
    expect(backup.rejected.map(({ reason }) => reason)).toEqual([
      'frame-truncated',
      'frame-truncated',
      'unknown-kind',
    ])
    expect(backup.sent).toEqual([])
  })

  test('PBFT-1.5 equivocation of the primary is not laid at the door of the backup that passed it on', () => {
    const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(0))
    const first = kit.prePrepare({ sequence: 1, batch: kit.batch([kit.request(0)]) })
    const second = kit.prePrepare({ sequence: 1, batch: kit.batch([kit.request(1)]) })
    backup.receive(kit.replicaPeer(0), first.bytes)
    backup.receive(kit.replicaPeer(2), second.bytes)
    // The link that it came over is a correct replica's: whoever reads this for blame has to learn the guilty one.
    expect(backup.rejected).toMatchObject([{ reason: 'conflicting-pre-prepare', guilty: 0 }])
  })
})
