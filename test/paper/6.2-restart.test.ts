/** Rule 6.2: what a replica does after it finds its log again. */
import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/messages/message.ts'
import type { Effect } from '../../src/pbft/effects.ts'
import { PIPELINE_WINDOW } from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import {
  broadcastsOf,
  decide,
  effectsOf,
  ReplicaUnderTest,
  reasonsOf,
  sentKinds,
} from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batch = kit.batch([kit.request(0)])
  const other = kit.batch([kit.request(1)])
  const at = { sequence: 1, digest: batch.digest }
  const others = kit.ids.filter((id) => id !== 1)
  const backups = others.filter((id) => id !== 0)
  const prePrepare = kit.prePrepare({ sequence: 1, batch })
  /** The bytes of all that is broadcast, as they go to the others. */
  const framesOf = (id: number, effects: readonly Effect[]): Uint8Array[] =>
    effectsOf(effects, 'broadcast').map(({ outgoing }) =>
      outgoing.kind === 'relayed' ? outgoing.message.bytes : kit.frameOf(id, outgoing),
    )
  const relayed = (effects: readonly Effect[]): Message[] =>
    effectsOf(effects, 'broadcast').flatMap(({ outgoing }) =>
      outgoing.kind === 'relayed' ? [outgoing.message] : [],
    )

  test('PBFT-6.2 a primary sends its logged PRE-PREPAREs again byte for byte', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    for (let client = 0; client < PIPELINE_WINDOW; client++) primary.receive(kit.request(client))
    const sent = framesOf(0, primary.settle())
    expect(sent).toHaveLength(PIPELINE_WINDOW)
    const again = primary.restarted()
    expect(framesOf(0, again.resumed)).toEqual(sent)
    // And again, however often it restarts and however the clock runs meanwhile.
    again.tick(5, 9_999_999)
    expect(framesOf(0, again.restarted(3).resumed)).toEqual(sent)
  })

  test('PBFT-6.2 a proposal that was logged and never sent is sent by the restart', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    expect(sentKinds(primary.receive(kit.request(0)))).toEqual([])
    const again = primary.restarted(1)
    expect(relayed(again.resumed)).toMatchObject([{ kind: 'pre-prepare', sequence: 1 }])
  })

  test('PBFT-6.2 it continues above the highest sequence number that it proposed', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    for (let client = 0; client < PIPELINE_WINDOW - 1; client++) primary.receive(kit.request(client))
    primary.settle()
    const again = primary.restarted()
    again.receive(kit.request(5))
    const proposals = broadcastsOf(again.settle(), 'pre-prepare')
    expect(proposals.map(({ sequence }) => sequence)).toEqual([PIPELINE_WINDOW])
  })

  test('PBFT-6.2 it continues above what was executed too', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    primary.settle()
    decide(kit, primary, { sequence: 1, batch })
    const again = primary.restarted()
    expect(again.executed).toHaveLength(1)
    again.receive(kit.request(5))
    expect(broadcastsOf(again.settle(), 'pre-prepare').map(({ sequence }) => sequence)).toEqual([2])
  })

  test('PBFT-6.2 a proposal that was not synced is as if it had never been', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    const again = primary.restarted()
    expect(again.resumed).toEqual([])
    again.receive(kit.request(1))
    expect(broadcastsOf(again.settle(), 'pre-prepare')).toMatchObject([{ sequence: 1, batch: other }])
  })

  test('PBFT-6.2 a backup sends its PREPARE again and does not vote for another digest', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    const sent = framesOf(1, backup.settle())
    const again = backup.restarted()
    expect(framesOf(1, again.resumed)).toEqual(sent)
    expect(reasonsOf(again.receive(kit.prePrepare({ sequence: 1, batch: other })))).toEqual([
      'conflicting-pre-prepare',
    ])
    expect(again.receive(prePrepare)).toEqual([])
    expect(sentKinds(again.settle())).toEqual([])
  })

  test('PBFT-6.2 what was prepared is committed again, with the same bytes, and with no other digest', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    const prepare = framesOf(1, backup.settle())
    backup.receiveAll(kit.votes('prepare', backups, at))
    const commit = framesOf(1, backup.settle())
    const again = backup.restarted()
    expect(framesOf(1, again.resumed)).toEqual([...prepare, ...commit])
    again.receiveAll(kit.votes('prepare', backups, { sequence: 1, digest: other.digest }))
    expect(sentKinds(again.settle())).toEqual([])
  })

  test('PBFT-6.2 after the restart its own votes count as before', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.settle()
    backup.receiveAll(kit.votes('prepare', backups, at))
    backup.settle()
    const again = backup.restarted()
    again.receiveAll(kit.votes('commit', others.slice(0, kit.q - 1), at))
    expect(again.executed).toHaveLength(1)
  })

  test('PBFT-6.2 decisions are executed again in their order, whatever order the log has', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const batches = [1, 2, 3, 4].map((timestamp) => kit.batch([kit.request(0, { timestamp })]))
    for (const sequence of [2, 1, 4, 3]) {
      const decided = batches[sequence - 1] ?? batch
      if (sequence % 2 === 0) backup.receive(kit.decision({ sequence, batch: decided }))
      else decide(kit, backup, { sequence, batch: decided })
    }
    backup.settle()
    const again = backup.restarted()
    expect(again.executed).toEqual(backup.executed)
    expect(again.state.ordering.lastExecuted).toBe(4)
    expect([...again.state.ordering.slots.values()].every(({ executed }) => executed !== null)).toBe(true)
    expect(again.state.ordering.batches.bytes).toBe(0)
    // What it accepted and prepared itself is above h still, and is said again.
    expect(sentKinds(again.resumed)).toEqual(['prepare', 'commit', 'prepare', 'commit'])
  })

  test('PBFT-6.2 a decision for another digest than the accepted one is found again with its batch', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.prePrepare({ sequence: 1, batch: other }))
    backup.receive(kit.decision({ sequence: 1, batch }))
    backup.settle()
    expect(backup.restarted().executed.map(({ batch: { digest } }) => digest)).toEqual([batch.digest])
  })

  test('PBFT-6.2 a lost decision at the end of the log is decided again', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.settle()
    backup.receiveAll(kit.votes('commit', others.slice(0, kit.q), at))
    expect(backup.executed).toHaveLength(1)
    const again = backup.restarted()
    expect(again.executed).toEqual([])
    again.receive(kit.decision({ sequence: 1, batch }))
    expect(again.executed).toHaveLength(1)
  })

  test('PBFT-6.2 a restart at any point of the log contradicts no vote that was sent before', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    const sent: { readonly records: number; readonly effects: readonly Effect[] }[] = []
    const note = (effects: readonly Effect[]) => sent.push({ records: backup.syncedRecords, effects })
    for (const sequence of [1, 2, 3]) {
      const place = { sequence, digest: kit.batch([kit.request(sequence)]).digest }
      note(backup.receive(kit.prePrepare({ sequence, batch: kit.batch([kit.request(sequence)]) })))
      note(backup.sync())
      note(backup.receiveAll(kit.votes('prepare', backups, place)))
      note(backup.sync())
    }
    const contrary = kit.batch([kit.request(9)])
    for (let kept = 0; kept <= backup.log.length; kept++) {
      const again = backup.restarted(kept)
      const before = sent
        .filter(({ records }) => records <= kept)
        .flatMap(({ effects }) => framesOf(1, effects))
      const after = framesOf(1, again.resumed)
      for (const frame of before) expect(after).toContainEqual(frame)
      for (const sequence of [1, 2, 3]) {
        const effects = again.receive(kit.prePrepare({ sequence, batch: contrary }))
        const isPromised = before.length > 2 * (sequence - 1)
        if (isPromised) expect(reasonsOf(effects)).toEqual(['conflicting-pre-prepare'])
      }
    }
  })
})
