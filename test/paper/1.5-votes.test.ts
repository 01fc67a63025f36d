/** Rule 1.5: the storage of votes, and the effect of a liar's second vote. */
import { describe, expect, test } from 'vitest'
import { LOG_WINDOW } from '../../src/messages/limits.ts'
import type { Verified, Vote } from '../../src/messages/message.ts'
import { openSlot } from '../../src/pbft/ordering/ordering-state.ts'
import { isPrepared } from '../../src/pbft/ordering/slot.ts'
import { isRelevant } from '../../src/pbft/relevance.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batch = kit.batch([kit.request(0)])
  const other = kit.batch([kit.request(1)])
  const at = { sequence: 1, digest: batch.digest }
  const otherAt = { sequence: 1, digest: other.digest }
  const prePrepare = kit.prePrepare({ sequence: 1, batch })
  const backups = kit.ids.filter((id) => id > 1)
  const others = kit.ids.filter((id) => id !== 1)
  const isPreparedAt1 = (replica: ReplicaUnderTest) =>
    isPrepared(openSlot(replica.state, prePrepare.sequence))

  test('PBFT-1.5 PREPAREs and COMMITs that come before the pre-prepare count when it comes', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q), at))
    backup.receiveAll(kit.votes('prepare', backups, at))
    backup.receive(prePrepare)
    expect(backup.executed).toHaveLength(1)
    const prepared = new ReplicaUnderTest(kit, 1)
    prepared.receiveAll(kit.votes('prepare', backups, at))
    prepared.receive(prePrepare)
    expect(broadcastsOf(prepared.settle(), 'commit')).toHaveLength(1)
  })

  test('PBFT-1.5 votes are kept for another digest than the accepted one, and can decide it', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.prePrepare({ sequence: 1, batch: other }))
    for (const vote of kit.votes('commit', others.slice(0, kit.q), at)) {
      expect(backup.receive(vote)).not.toMatchObject([{ kind: 'reject' }])
    }
    backup.receive(kit.delivery(0, 1, batch))
    expect(backup.executed.map(({ batch: { digest } }) => digest)).toEqual([batch.digest])
  })

  test('PBFT-1.5 votes for every order of arrival prepare and decide the same', () => {
    const messages = [
      prePrepare,
      ...kit.votes('prepare', backups, at),
      ...kit.votes('commit', others.slice(0, kit.q), at),
    ]
    for (let shift = 0; shift < messages.length; shift++) {
      const backup = new ReplicaUnderTest(kit, 1)
      backup.receiveAll([...messages.slice(shift), ...messages.slice(0, shift)])
      backup.settle()
      expect(backup.executed.map(({ batch: { digest } }) => digest)).toEqual([batch.digest])
    }
  })

  test.each(['prepare', 'commit'] as const)(
    'PBFT-1.5 a second, different %s of one sender is evidence and counts for nothing',
    (kind) => {
      const backup = new ReplicaUnderTest(kit, 1)
      const [first, second] = [kit.vote(kind, 2, otherAt), kit.vote(kind, 2, at)]
      backup.receive(first)
      const effects = backup.receive(second, kit.replicaPeer(3))
      expect(effectsOf(effects, 'reject')).toMatchObject([
        { reason: 'conflicting-vote', evidence: { guilty: 2, first, second } },
      ])
      // Evidence is two envelopes of one sender for one (kind, v, s), with different digests.
      const { evidence } = effectsOf(effects, 'reject')[0] ?? {}
      for (const message of [evidence?.first, evidence?.second]) {
        expect(message).toMatchObject({ kind, sender: 2, view: 0, sequence: 1 })
      }
    },
  )

  test("PBFT-1.5 a liar's second PREPARE does not complete a certificate", () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.settle()
    const liar = backups.slice(0, 1)
    backup.receiveAll(kit.votes('prepare', liar, otherAt))
    backup.receiveAll(kit.votes('prepare', liar, at))
    backup.receiveAll(kit.votes('prepare', backups.slice(1, kit.q - 2), at))
    expect(isPreparedAt1(backup)).toBe(false)
    backup.receiveAll(kit.votes('prepare', backups.slice(kit.q - 2, kit.q - 1), at))
    expect(isPreparedAt1(backup)).toBe(true)
  })

  test('PBFT-1.5 f liars who commit to both digests decide nothing with Q - 1 - f correct ones', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    const liars = others.slice(0, kit.f)
    const honest = others.slice(kit.f)
    backup.receiveAll(kit.votes('commit', liars, otherAt))
    backup.receiveAll(kit.votes('commit', liars, at))
    backup.receiveAll(kit.votes('commit', honest.slice(0, kit.q - 1), at))
    expect(backup.executed).toHaveLength(honest.length >= kit.q ? 1 : 0)
  })

  test('PBFT-1.5 a PREPARE and a COMMIT of one sender are two votes, not a conflict', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.vote('prepare', 2, at))
    expect(effectsOf(backup.receive(kit.vote('commit', 2, otherAt)), 'reject')).toEqual([])
  })

  test('PBFT-1.5 the same vote again is no evidence', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.vote('prepare', 2, at))
    expect(backup.receive(kit.vote('prepare', 2, at))).toEqual([])
  })

  test('PBFT-1.5 one sender fills at most two votes in each slot of the window', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    for (let sequence = 1; sequence <= LOG_WINDOW + 20; sequence++) {
      for (const digest of [batch.digest, other.digest]) {
        backup.receiveAll(
          (['prepare', 'commit'] as const).map((kind) => kit.vote(kind, 2, { sequence, digest })),
        )
      }
    }
    expect(backup.state.ordering.slots.size).toBe(LOG_WINDOW)
    for (const slot of backup.state.ordering.slots.values()) {
      expect([...slot.prepares, ...slot.commits].filter((vote) => vote !== null)).toHaveLength(2)
    }
  })

  test('PBFT-1.5 what is not useful is what could change nothing: never a conflict, never a vote below a quorum', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const isUsefulHere = (vote: Verified<Vote>) => isRelevant(backup.state, vote)
    backup.receive(prePrepare)
    backup.settle()
    expect(isUsefulHere(kit.vote('prepare', 2, at))).toBe(true)
    backup.receive(kit.vote('prepare', 2, at))
    expect(isUsefulHere(kit.vote('prepare', 2, at))).toBe(false)
    expect(isUsefulHere(kit.vote('prepare', 2, otherAt))).toBe(true) // evidence
    backup.receiveAll(kit.votes('prepare', backups.slice(1, kit.q - 2), at))
    const late = backups.at(-1) ?? 2
    expect(isPreparedAt1(backup)).toBe(true)
    expect(isUsefulHere(kit.vote('prepare', late, at))).toBe(false)
    expect(isUsefulHere(kit.vote('commit', late, at))).toBe(true)
    expect(isUsefulHere(kit.vote('commit', late, { ...at, view: n }))).toBe(true) // that view may begin
    expect(isUsefulHere(kit.vote('commit', late, { ...at, sequence: LOG_WINDOW + 1 }))).toBe(false)
    decide(kit, backup, { sequence: 1, batch })
    expect(isUsefulHere(kit.vote('commit', late, at))).toBe(false)
  })
})
