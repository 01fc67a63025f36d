/** Section 6 of the rules, the table, and rule 6.1: nothing is sent before what it promises is on disk. */
import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'
import { createRandom } from '../../src/base/random.ts'
import type { Verified } from '../../src/messages/message.ts'
import type { Effect, LogRecord, ProtocolMessage } from '../../src/pbft/effects.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { deeper, upTo } from '../kit/depth.ts'
import { broadcastsOf, effectsOf, ReplicaUnderTest, sentKinds } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batch = kit.batch([kit.request(0)])
  const at = { sequence: 1, digest: batch.digest }
  const others = kit.ids.filter((id) => id !== 1)
  const backups = others.filter((id) => id !== 0)
  const prePrepare = kit.prePrepare({ sequence: 1, batch })
  const kindsOf = (records: readonly LogRecord[]) => records.map(({ kind }) => kind)

  test('PBFT-6 PRE-PREPARE waits for (v, s, D) and the batch', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    const effects = primary.receive(kit.request(0))
    expect(sentKinds(effects)).toEqual([])
    expect(primary.records).toMatchObject([{ kind: 'proposed', content: { sequence: 1, view: 0, batch } }])
    expect(broadcastsOf(primary.sync(), 'pre-prepare')).toHaveLength(1)
  })

  test('PBFT-6 PREPARE waits for the accepted pre-prepare and its batch', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    expect(sentKinds(backup.receive(prePrepare))).toEqual([])
    expect(backup.records).toEqual([{ kind: 'accepted', prePrepare }])
    expect(sentKinds(backup.sync())).toEqual(['prepare'])
  })

  test('PBFT-6 COMMIT waits for the prepared certificate', () => {
    for (const id of [0, 1]) {
      const replica = new ReplicaUnderTest(kit, id)
      replica.receive(id === 0 ? kit.request(0) : prePrepare)
      replica.settle()
      const senders = kit.ids.filter((sender) => sender !== 0 && sender !== id)
      expect(sentKinds(replica.receiveAll(kit.votes('prepare', senders, at)))).toEqual([])
      expect(replica.records.at(-1)).toMatchObject({ kind: 'prepared' })
      expect(sentKinds(replica.sync())).toEqual(['commit'])
    }
  })

  test('PBFT-6 a sync of what came before does not release what came after', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    const accepted = backup.records.length
    backup.receive(kit.prePrepare({ sequence: 2, batch: kit.batch() }))
    const effects = backup.step({ kind: 'persisted', records: accepted })
    expect(broadcastsOf(effects, 'prepare').map(({ sequence }) => sequence)).toEqual([1])
    expect(backup.step({ kind: 'persisted', records: 0 })).toEqual([]) // an old sync reported late
    const rest = backup.step({ kind: 'persisted', records: accepted + 1 })
    expect(broadcastsOf(rest, 'prepare').map(({ sequence }) => sequence)).toEqual([2])
  })

  test('PBFT-6 its own vote counts, and is sent again on STATUS, only once it is durable', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    backup.receiveAll(kit.votes('prepare', backups, at))
    backup.tick(100)
    expect(sentKinds(backup.receive(kit.status(2)))).toEqual([])
    expect(backup.state.ordering.slots.get(prePrepare.sequence)?.prepares[1]).toBeNull()
    backup.step({ kind: 'persisted', records: 1 })
    backup.tick(10)
    expect(sentKinds(backup.receive(kit.status(2)))).toEqual(['pre-prepare', 'prepare'])
  })

  test('PBFT-6 the primary does not send its proposal again before it is durable', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    primary.receive(kit.request(0))
    primary.tick(100)
    expect(sentKinds(primary.receive(kit.status(2)))).toEqual([])
  })

  test('PBFT-6 one sync covers many records, and their messages leave in the order of the log', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    for (const sequence of [4, 1, 3]) backup.receive(kit.prePrepare({ sequence, batch: kit.batch() }))
    expect(broadcastsOf(backup.sync(), 'prepare').map(({ sequence }) => sequence)).toEqual([4, 1, 3])
  })

  test('PBFT-6.1 a decision goes to the log, and execution and replies do not wait for it', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(prePrepare)
    const effects = backup.receiveAll(kit.votes('commit', others.slice(0, kit.q), at))
    expect(kindsOf(backup.records)).toEqual(['accepted', 'decided'])
    expect(backup.executed).toHaveLength(1)
    expect(effectsOf(effects, 'reply')).toHaveLength(1)
  })

  test('PBFT-6.1 the record of a decision comes before its execution and holds a batch that the log lacks', () => {
    const known = new ReplicaUnderTest(kit, 1)
    known.receive(prePrepare)
    const unknown = new ReplicaUnderTest(kit, 1)
    const decision = kit.decision({ sequence: 1, batch })
    for (const [replica, isBatchLogged] of [
      [known, true],
      [unknown, false],
    ] as const) {
      const effects = replica.receive(decision)
      const kinds = effects.map(({ kind }) => kind)
      expect(kinds.indexOf('persist')).toBeLessThan(kinds.indexOf('execute'))
      expect(replica.records.at(-1)).toMatchObject({ kind: 'decided', isBatchLogged, batch })
    }
  })

  test('PBFT-6.1 a decision against the accepted digest brings its batch into the log', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.prePrepare({ sequence: 1, batch: kit.batch([kit.request(5)]) }))
    backup.receive(kit.decision({ sequence: 1, batch }))
    expect(backup.records.at(-1)).toMatchObject({ kind: 'decided', isBatchLogged: false, batch })
  })

  test('PBFT-6 whatever comes in whatever order, nothing is sent before its record is on disk', () => {
    const isDurable = (replica: ReplicaUnderTest, effect: Effect): boolean => {
      if (effect.kind !== 'send' && effect.kind !== 'broadcast') return true
      const said = effect.outgoing.kind === 'relayed' ? effect.outgoing.message : effect.outgoing
      if (said.kind !== 'pre-prepare' && said.kind !== 'prepare' && said.kind !== 'commit') return true
      const digest = said.kind === 'pre-prepare' && 'batch' in said ? said.batch.digest : null
      const wanted = digest ?? ('digest' in said ? said.digest : new Uint8Array(0))
      return replica.records.slice(0, replica.syncedRecords).some((record) => {
        if (said.kind === 'commit' && record.kind === 'prepared') {
          const [first] = record.certificate.prepares
          return first?.sequence === said.sequence && equalBytes(first.digest, wanted)
        }
        const held =
          record.kind === 'accepted' ? record.prePrepare : record.kind === 'proposed' ? record.content : null
        if (said.kind === 'commit' || held === null) return false
        return held.sequence === said.sequence && equalBytes(held.batch.digest, wanted)
      })
    }
    for (const seed of upTo(deeper(10, 120))) {
      const random = createRandom(seed)
      const id = random.pick(kit.ids)
      const replica = new ReplicaUnderTest(kit, id)
      const batches = [batch, kit.batch([kit.request(1)]), kit.batch([], 5)]
      const made: Verified<ProtocolMessage>[] = [
        kit.request(0),
        kit.request(1),
        kit.status(n - 1 - (id === n - 1 ? 1 : 0)),
      ]
      for (const sequence of [1, 2, 3]) {
        for (const proposed of batches) {
          if (id !== 0) made.push(kit.prePrepare({ sequence, batch: proposed }))
          const place = { sequence, digest: proposed.digest }
          const senders = kit.ids.filter((sender) => sender !== id)
          for (const sender of senders) {
            if (sender !== 0) made.push(kit.vote('prepare', sender, place))
            made.push(kit.vote('commit', sender, place))
            made.push(kit.fetch(sender, sequence, proposed.digest))
          }
        }
      }
      for (const message of random.shuffle(made)) {
        const effects = [
          ...(random.chance(0.1) ? replica.sync() : []),
          ...(random.chance(0.2) ? replica.tick(random.between(1, 30)) : []),
          ...replica.receive(message),
        ]
        for (const effect of effects) expect(isDurable(replica, effect)).toBe(true)
      }
    }
  })
})
