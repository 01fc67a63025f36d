/** Rule 3.3: the parts and the choices of a NEW-VIEW. TOCS 2002 section 4.5.2. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import type { CheckpointCertificate } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { CLUSTER_SIZES, createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import type { ViewChangeOptions } from '../kit/message-options.ts'
import { broadcastsOf, decide, ReplicaUnderTest, reasonsOf, sentKinds } from '../kit/replica-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const [a, b, c] = [batchAt(1), batchAt(2), batchAt(3)] as const
  const stable = kit.certificate(K, seedOf(1))
  /** Primary of it is replica 1; there were n + 1 views before. */
  const VIEW = n + 1
  const others = kit.ids.filter((id) => id !== 1)
  const entry = (sequence: number, digest: Uint8Array, view = 0) =>
    kit.preparedCertificate({ sequence, digest, view })

  describe('making it', () => {
    /** The choice of the primary of VIEW when the others say this, in this order. */
    const madeFrom = (said: readonly ViewChangeOptions[]) => {
      const primary = new ReplicaUnderTest(kit, 1)
      const messages = said.map((options, index) => kit.viewChange(others[index] ?? 0, VIEW, options))
      const effects = [...primary.receiveAll(messages), ...primary.settle()]
      const [content] = broadcastsOf(effects, 'new-view')
      return {
        primary,
        content,
        choices: content?.choices.map(({ sequence, digest }) => [sequence, toHex(digest)]),
      }
    }
    const silent = new Array<ViewChangeOptions>(kit.q - 1).fill({})
    const saying = (...said: readonly ViewChangeOptions[]) => [...said, ...silent.slice(said.length)]

    test('PBFT-3.3 NEW-VIEW is made of exactly Q VIEW-CHANGEs of distinct senders for it, and not before', () => {
      expect(madeFrom(silent.slice(1)).content).toBeUndefined()
      const { content, primary } = madeFrom(silent)
      const senders = content?.viewChanges.map(({ sender }) => sender) ?? []
      expect(new Set(senders).size).toBe(kit.q)
      expect(senders).toHaveLength(kit.q)
      expect(content?.viewChanges.every(({ view }) => view === VIEW)).toBe(true)
      expect([primary.state.views.view, primary.state.views.isActive]).toEqual([VIEW, true])
    })

    test('PBFT-3.3 VIEW-CHANGEs for other views are no part of it', () => {
      const primary = new ReplicaUnderTest(kit, 1)
      const effects = [
        ...primary.receive(kit.viewChange(others.at(-1) ?? 0, VIEW + 1)),
        ...primary.receiveAll(kit.viewChanges(others.slice(0, kit.q - 2), VIEW)),
        ...primary.settle(),
      ]
      expect(primary.state.views.view).toBe(VIEW)
      expect(sentKinds(effects)).not.toContain('new-view')
      expect(primary.state.views.isActive).toBe(false)
    })

    test('PBFT-3.3 only the primary of the view makes one', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const rest = kit.ids.filter((id) => id !== 2)
      expect(
        sentKinds([...backup.receiveAll(kit.viewChanges(rest, VIEW)), ...backup.settle()]),
      ).not.toContain('new-view')
    })

    test('PBFT-3.3 it is made once, however many VIEW-CHANGEs follow', () => {
      const primary = new ReplicaUnderTest(kit, 1)
      const effects = [...primary.receiveAll(kit.viewChanges(others, VIEW)), ...primary.settle()]
      const again = [...primary.receiveAll(kit.viewChanges(others, VIEW)), ...primary.settle()]
      expect(broadcastsOf(effects, 'new-view')).toHaveLength(1)
      expect(broadcastsOf(again, 'new-view')).toEqual([])
    })

    test('PBFT-3.3 nothing prepared: O is empty', () => {
      expect(madeFrom(silent).choices).toEqual([])
    })

    test('PBFT-3.3 the highest view wins, not the first, the last or the most frequent', () => {
      const low = { prepared: [entry(1, a.digest, 0)] }
      const high = { prepared: [entry(1, b.digest, n)] }
      for (const said of [saying(low, high), saying(high, low), saying(low, low, high).slice(-(kit.q - 1))]) {
        expect(madeFrom(said).choices).toEqual([[1, toHex(b.digest)]])
      }
    })

    test('PBFT-3.3 a null batch that was prepared in a higher view wins over an older batch', () => {
      const said = saying({ prepared: [entry(1, a.digest, 0)] }, { prepared: [entry(1, kit.nullDigest, 2)] })
      expect(madeFrom(said).choices).toEqual([[1, toHex(kit.nullDigest)]])
    })

    test('PBFT-3.3 null where nothing was prepared below maxSeq', () => {
      const said = saying({ prepared: [entry(2, a.digest)] }, { prepared: [entry(4, b.digest)] })
      expect(madeFrom(said).choices).toEqual([
        [1, toHex(kit.nullDigest)],
        [2, toHex(a.digest)],
        [3, toHex(kit.nullDigest)],
        [4, toHex(b.digest)],
      ])
    })

    test('PBFT-3.3 minSeq is the highest h in V: what is at or below it is not chosen again', () => {
      const said = saying(
        { prepared: [entry(5, a.digest), entry(K + 2, b.digest)] },
        { stable, prepared: [entry(K + 1, c.digest)] },
      )
      const { choices, primary } = madeFrom(said)
      expect(choices).toEqual([
        [K + 1, toHex(c.digest)],
        [K + 2, toHex(b.digest)],
      ])
      expect(primary.state.checkpoints.lowWatermark).toBe(K)
    })

    test('PBFT-3.3 maxSeq is minSeq where every entry lies below it', () => {
      const { choices, primary } = madeFrom(saying({ prepared: [entry(5, a.digest)] }, { stable }))
      expect(choices).toEqual([])
      primary.receive(kit.request(3))
      // Its next proposal would be K + 1; the pipeline waits for the state.
      expect(broadcastsOf(primary.settle(), 'pre-prepare')).toEqual([])
      expect(primary.state.ordering.lastProposed).toBe(K)
    })

    test('PBFT-3.3 O is one individually signed PRE-PREPARE for each, which later certificates can cite', () => {
      const { content } = madeFrom(saying({ prepared: [entry(2, a.digest)] }))
      if (content === undefined) throw new Error('no NEW-VIEW')
      const message = kit.accept(kit.frameOf(1, content), kit.replicaPeer(1))
      if (message.kind !== 'new-view' || isRejection(message.contents)) throw new Error('refused')
      for (const prePrepare of message.contents.prePrepares) {
        const place = { view: VIEW, sequence: prePrepare.sequence, digest: prePrepare.digest }
        const prepares = kit.votes('prepare', others.slice(0, kit.q - 1), place)
        const cited = { prepared: [{ prePrepare, prepares }] }
        expect(reasonsOf(new ReplicaUnderTest(kit, 0).receive(kit.viewChange(2, VIEW + 1, cited)))).toEqual(
          [],
        )
      }
      expect(message.contents.prePrepares).toHaveLength(2)
    })

    test('PBFT-3.4 the next own proposal is maxSeq + 1', () => {
      const primary = new ReplicaUnderTest(kit, 1)
      // Executed up to 3 before, of which the others know.
      for (const sequence of [1, 2, 3]) decide(kit, primary, { sequence, batch: batchAt(sequence) })
      const prepared = [1, 2, 3].map((sequence) => entry(sequence, batchAt(sequence).digest))
      const rest = kit.viewChanges(others.slice(0, kit.q - 1), VIEW, { prepared })
      primary.receive(kit.request(4))
      const proposals = broadcastsOf([...primary.receiveAll(rest), ...primary.settle()], 'pre-prepare')
      expect(proposals.map(({ sequence, view }) => [sequence, view])).toEqual([[4, VIEW]])
    })

    test('PBFT-3.4 with an empty O it starts at 1', () => {
      const { primary } = madeFrom(silent)
      primary.receive(kit.request(4))
      expect(broadcastsOf(primary.settle(), 'pre-prepare').map(({ sequence }) => sequence)).toEqual([1])
    })
  })
  describe('proposing in it, where the NEW-VIEW moves h', () => {
    const K = 4
    const small = createClusterKit(n, 1, 'signed', K)
    const own = (timestamp: number) => small.request(0, { timestamp })
    const changes = (stable: CheckpointCertificate) =>
      small.viewChanges(others.slice(0, small.q - 1), VIEW, { stable })

    /** The primary of VIEW, which executed so much before and has a request waiting, enters its view. */
    function entered(executed: number, stable: CheckpointCertificate) {
      const primary = new ReplicaUnderTest(small, 1)
      for (let sequence = 1; sequence <= executed; sequence++)
        decide(small, primary, { sequence, batch: small.batch([own(sequence)]) })
      primary.receive(own(executed + 1))
      const first = [...primary.receiveAll(changes(stable)), ...primary.settle()]
      primary.receive(own(executed + 2))
      return broadcastsOf([...first, ...primary.settle()], 'pre-prepare').map(({ sequence }) => sequence)
    }

    test('PBFT-3.4 PBFT-1.2 no place gets two proposals', () => {
      expect(entered(K - 1, small.certificate(K, seedOf(1)))).toEqual([K + 1])
    })

    test('PBFT-1.2 PBFT-1.10 nothing is proposed at or below h, however little was executed', () => {
      expect(entered(0, small.certificate(K, seedOf(1)))).toEqual([])
      expect(entered(K - 2, small.certificate(K, seedOf(1)))).toEqual([])
    })
  })
})
