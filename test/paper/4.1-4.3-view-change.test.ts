/**
 * Rules 4.1 to 4.3: the claims of a replica that leaves a view, and the acknowledgements of others. TOCS 2002 section
 * 4.5.2.
 */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { Sequence } from '../../src/base/ids.ts'
import { faultsMax } from '../../src/base/quorum.ts'
import { logWindowOf } from '../../src/messages/limits.ts'
import type { OrderClaim } from '../../src/messages/oral/message.ts'
import { CLUSTER_SIZES, createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import {
  A,
  ackOf,
  B,
  type ClaimsOptions,
  claim,
  fetchOf,
  held,
  oralNewViewOf,
  viewChangeOf,
  viewChangesOf,
} from '../kit/oral-kit.ts'
import {
  broadcastsOf,
  decide,
  effectsOf,
  ReplicaUnderTest,
  reasonsOf,
  sentKinds,
} from '../kit/replica-kit.ts'
import { prepareAt } from '../kit/view-change-kit.ts'

const short = (claims: readonly OrderClaim[]) =>
  claims.map(({ sequence, view, digest }) => [sequence, view, toHex(digest)])

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n, 1, 'oral')
  const K = kit.cluster.checkpointInterval
  const L = logWindowOf(K)
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const [a, b, c] = [batchAt(1), batchAt(2), batchAt(3)] as const
  /** Replica 3 is a backup in views 0, 1 and 2. */
  const SELF = 3
  const others = kit.ids.filter((id) => id !== SELF)
  /** W others leave for a view: the replica goes there too, and says so once that is on disk. */
  const leave = (replica: ReplicaUnderTest, view: number) => {
    const leaving = kit.ids.filter((id) => id !== replica.id).slice(-kit.w)
    return [...replica.receiveAll(viewChangesOf(kit, leaving, view)), ...replica.settle()]
  }
  const saidBy = (effects: Parameters<typeof sentKinds>[0]) => broadcastsOf(effects, 'oral-view-change')[0]

  describe('P and Qset', () => {
    test('PBFT-4.1 P is what prepared, Qset is what was pre-prepared', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      prepareAt(kit, replica, { sequence: 1, batch: a })
      replica.receive(kit.prePrepare({ sequence: 2, batch: b }))
      replica.settle()
      const content = saidBy(leave(replica, 1))
      expect(short(content?.preparedClaims ?? [])).toEqual([[1, 0, toHex(a.digest)]])
      expect(short(content?.prePrepareClaims ?? [])).toEqual([
        [1, 0, toHex(a.digest)],
        [2, 0, toHex(b.digest)],
      ])
    })

    test('PBFT-4.1 Qset keeps the latest view of each digest, and the last f + 2 digests', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      const batches = Array.from({ length: kit.f + 3 }, (_, at) => batchAt(10 + at))
      let view = 0
      for (const batch of [...batches, batches.at(-1) ?? a]) {
        // Not where it would be primary itself.
        if (view % n === SELF) leave(replica, ++view)
        replica.state.views.isActive = true // as any NEW-VIEW that chooses nothing would make it
        replica.receive(kit.prePrepare({ view, sequence: 1, batch }))
        replica.settle()
        view++
        leave(replica, view)
      }
      const own = replica.state.views.viewChanges[SELF]
      const claims = own?.kind === 'oral-view-change' ? own.prePrepareClaims : []
      expect(claims.map(({ digest }) => toHex(digest))).toEqual(
        batches.slice(1).map(({ digest }) => toHex(digest)),
      )
      expect(claims).toHaveLength(faultsMax(n) + 2)
      expect(claims.at(-1)?.view).toBe(view - 1)
    })

    test('PBFT-4.1 PBFT-6 a restart from the log claims the same', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      prepareAt(kit, replica, { sequence: 1, batch: a })
      replica.receive(kit.prePrepare({ sequence: 2, batch: b }))
      replica.settle()
      const again = replica.restarted()
      const [before, after] = [saidBy(leave(replica, 1)), saidBy(leave(again, 1))]
      expect(after).toEqual(before)
      expect(after?.prePrepareClaims).toHaveLength(2)
    })

    test('PBFT-4.1 what the disk does not hold yet is in neither', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      prepareAt(kit, replica, { sequence: 1, batch: a })
      replica.receive(kit.prePrepare({ sequence: 2, batch: b }))
      const again = replica.restarted()
      const content = saidBy(leave(again, 1))
      expect(content?.prePrepareClaims.map(({ sequence }) => sequence)).toEqual([1])
    })
  })

  describe('when the log is trimmed', () => {
    /** In view 1 by a NEW-VIEW that chose `a` at K + 1, which came by a fetch; then out of it, and trimmed up to K. */
    const trimmed = (isChoosing = true) => {
      const source = new ReplicaUnderTest(kit, 2)
      for (let s = 1; s <= K; s++) decide(kit, source, { sequence: s, batch: batchAt(100 + s) })
      const application = source.snapshots.get(K as Sequence)
      if (application === undefined) throw new Error('a checkpoint is due')
      const { root } = application
      const replica = new ReplicaUnderTest(kit, SELF)
      const cited = viewChangesOf(kit, others.slice(0, kit.q), 1, {
        checkpoints: [held(K, root)],
        p: isChoosing ? [claim(K + 1, a.digest)] : [],
      })
      replica.receiveAll(cited)
      replica.settle()
      const parts = { viewChanges: cited, checkpoint: held(K, root), digests: isChoosing ? [a.digest] : [] }
      replica.receive(oralNewViewOf(kit, 1, parts))
      replica.receive(kit.delivery(2, K + 1, a))
      replica.settle()
      leave(replica, 2)
      const checkpoints = others.slice(0, kit.q).map((id) => kit.checkpoint(id, K, root))
      replica.receiveAll(checkpoints)
      replica.transfer({ sequence: K as Sequence, root, checkpoints }, application)
      replica.settle()
      return replica
    }

    test('PBFT-4.1 PBFT-6 Qset stays, also what a NEW-VIEW chose that is gone from the log', () => {
      const replica = trimmed()
      expect(replica.trimmedBefore).toBeGreaterThan(0)
      const content = saidBy(leave(replica.restarted(), 3))
      expect(short(content?.prePrepareClaims ?? [])).toEqual([[K + 1, 1, toHex(a.digest)]])
    })

    test('PBFT-4.3 PBFT-6 and so do the acknowledgements of the current view', () => {
      const replica = trimmed(false).restarted()
      const of = replica.state.oral.acked.digests.findIndex((digest) => digest !== null)
      expect(of).toBeGreaterThanOrEqual(0)
      const other = viewChangeOf(kit, of, 2, { p: [claim(K + 2, b.digest)] })
      const effects = [...replica.receive(other), ...replica.settle()]
      expect(sentKinds(effects)).not.toContain('view-change-ack')
    })
  })

  describe('the form', () => {
    const faultOf = (options: ClaimsOptions, view = n + 1) => {
      const replica = new ReplicaUnderTest(kit, SELF)
      const [reason = null] = reasonsOf(replica.receive(viewChangeOf(kit, 1, view, options)))
      expect(replica.state.views.viewChanges[1] === null).toBe(reason !== null)
      return reason
    }
    const at = (sequence: number, root = A): ClaimsOptions => ({
      h: sequence,
      checkpoints: [held(sequence, root)],
    })

    test('PBFT-4.2 C holds h, checkpoints that are due, in order and within the window', () => {
      expect(faultOf({})).toBeNull()
      expect(faultOf(at(K))).toBeNull()
      expect(faultOf({ ...at(K), checkpoints: [held(K, A), held(2 * K, A), held(3 * K, A)] })).toBeNull()
      expect(faultOf({ h: K })).toBe('low-watermark-not-held')
      expect(faultOf({ h: K, checkpoints: [held(2 * K, A)] })).toBe('low-watermark-not-held')
      expect(faultOf(at(K + 1))).toBe('no-checkpoint-is-due')
      expect(faultOf({ ...at(K), checkpoints: [held(K, A), held(K, B)] })).toBe('claims-out-of-order')
      expect(faultOf({ ...at(K), checkpoints: [held(K, A), held(K + L + K, A)] })).toBe(
        'claim-outside-window',
      )
    })

    test.each(['p', 'q'] as const)(
      'PBFT-4.2 %s: views below, sequence numbers above h and up to h + L',
      (set) => {
        const saying = (...claims: readonly OrderClaim[]) => ({
          ...at(K),
          [set]: claims,
          ...(set === 'p' ? { q: [] } : {}),
        })
        expect(faultOf(saying(claim(K + 1, A, n)))).toBeNull()
        expect(faultOf(saying(claim(K + L, A)))).toBeNull()
        expect(faultOf(saying(claim(K, A)))).toBe('claim-outside-window')
        expect(faultOf(saying(claim(K + L + 1, A)))).toBe('claim-outside-window')
        expect(faultOf(saying(claim(K + 1, A, n + 1)))).toBe('claim-not-older')
        expect(faultOf(saying(claim(K + 2, A), claim(K + 1, A)))).toBe('claims-out-of-order')
      },
    )

    test('PBFT-4.2 PBFT-4.9 one entry of P, and at most f + 2 digests of Qset, for each s', () => {
      expect(faultOf({ p: [claim(1, A), claim(1, B, 1)], q: [] })).toBe('claims-out-of-order')
      const many = Array.from({ length: kit.f + 3 }, (_, view) => claim(1, seedOf(view), view))
      expect(faultOf({ q: many.slice(1) })).toBeNull()
      expect(faultOf({ q: many })).toBe('too-many-claims')
      expect(faultOf({ q: [claim(1, A), claim(1, A, 1)] })).toBe('claims-out-of-order')
    })

    test('PBFT-4.2 one for view 0 is invalid', () => {
      expect(faultOf({}, 0)).toBe('view-change-for-an-old-view')
    })
  })

  describe('acknowledgements', () => {
    const VIEW = 1
    const acksIn = (effects: Parameters<typeof sentKinds>[0]) =>
      effectsOf(effects, 'send').flatMap(({ to, outgoing }) =>
        outgoing.kind === 'view-change-ack' ? [{ to, of: outgoing.of, digest: toHex(outgoing.digest) }] : [],
      )

    test("PBFT-4.3 each VIEW-CHANGE is acknowledged to the new primary, except the primary's and the replica's own", () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      const effects = [...replica.receiveAll(viewChangesOf(kit, others, VIEW)), ...replica.settle()]
      const acks = acksIn(effects)
      expect(acks.map(({ of }) => of)).toEqual(others.filter((id) => id !== VIEW))
      expect(acks.every(({ to }) => to === VIEW)).toBe(true)
      expect(replica.settle()).toEqual([])
    })

    test('PBFT-4.3 PBFT-6 not before the digest is on disk, and after a restart no other', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      leave(replica, VIEW)
      const [first, second] = [viewChangeOf(kit, 0, VIEW), viewChangeOf(kit, 0, VIEW, { q: [claim(1, A)] })]
      expect(acksIn(replica.receive(first))).toEqual([])
      expect(acksIn(replica.settle())).toEqual([{ to: VIEW, of: 0, digest: toHex(first.digest) }])
      const again = replica.restarted()
      expect(acksIn([...again.receive(second), ...again.settle()])).toEqual([])
      // Nor to whoever asks for it.
      expect(acksIn([...again.receive(fetchOf(kit, 2, second)), ...again.settle()])).toEqual([])
    })

    test('PBFT-4.3 a replica that asks later gets the VIEW-CHANGE and the acknowledgement', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      const wanted = viewChangeOf(kit, 0, VIEW)
      replica.receive(wanted)
      leave(replica, VIEW)
      const effects = replica.receive(fetchOf(kit, 2, wanted))
      expect(sentKinds(effects)).toEqual(['view-change-delivery', 'view-change-ack'])
      expect(acksIn(effects)).toEqual([{ to: 2, of: 0, digest: toHex(wanted.digest) }])
    })

    test('PBFT-4.3 a new primary that reports that it waits gets them again', () => {
      const replica = new ReplicaUnderTest(kit, SELF)
      replica.receive(viewChangeOf(kit, 0, VIEW))
      leave(replica, VIEW)
      replica.tick(30)
      const status = kit.status(VIEW, { view: replica.state.views.view, isActive: false })
      expect(acksIn(replica.receive(status)).map(({ of }) => of)).toContain(0)
    })

    /** The new primary with VIEW-CHANGEs of Q - 1 others, acknowledged by so many. */
    const primaryWith = (acknowledgedBy: number) => {
      const primary = new ReplicaUnderTest(kit, VIEW)
      const rest = kit.ids.filter((id) => id !== VIEW)
      const said = viewChangesOf(kit, rest.slice(0, kit.q - 1), VIEW)
      const effects = [...primary.receiveAll(said), ...primary.settle()]
      for (const one of said) {
        const vouching = rest.filter((id) => id !== one.sender).slice(0, acknowledgedBy)
        effects.push(...primary.receiveAll(vouching.map((id) => ackOf(kit, id, one))), ...primary.settle())
      }
      return { primary, effects, said }
    }

    test('PBFT-4.3 a VIEW-CHANGE joins S with 2f - 1 acknowledgements of others', () => {
      expect(sentKinds(primaryWith(kit.q - 3).effects)).not.toContain('oral-new-view')
      const { effects } = primaryWith(2 * kit.f - 1)
      const [newView] = broadcastsOf(effects, 'oral-new-view')
      expect(newView?.cited).toHaveLength(kit.q)
    })

    test('PBFT-4.3 an acknowledgement by its sender or the primary, twice, or of another digest counts for nothing', () => {
      const { primary, said } = primaryWith(kit.q - 3)
      const other = viewChangeOf(kit, 0, VIEW, { p: [claim(1, A)] })
      for (const one of said) {
        const acks = [ackOf(kit, one.sender, one), ackOf(kit, VIEW, one)]
        const [again = 0] = kit.ids.filter((id) => id !== VIEW && id !== one.sender)
        if (kit.q > 3) acks.push(ackOf(kit, again, one), ackOf(kit, again, one))
        const last = kit.ids.filter((id) => id !== one.sender).at(-1) ?? 0
        acks.push(ackOf(kit, last, { ...one, digest: other.digest }))
        expect(sentKinds([...primary.receiveAll(acks), ...primary.settle()])).not.toContain('oral-new-view')
      }
      // The first word of a replica counts: the last one said another digest before.
      const last = kit.ids.at(-1) ?? 0
      const acks = said.filter(({ sender }) => sender !== last).map((one) => ackOf(kit, last, one))
      expect(sentKinds([...primary.receiveAll(acks), ...primary.settle()])).not.toContain('oral-new-view')
    })

    test('PBFT-4.3 S grows up to n: those that come later are cited too, as long as it is not made', () => {
      const primary = new ReplicaUnderTest(kit, VIEW)
      const rest = kit.ids.filter((id) => id !== VIEW)
      // One that prepared alone: neither A1 nor B has Q.
      const said = rest.map((id) =>
        viewChangeOf(kit, id, VIEW, id === rest[0] ? { p: [claim(1, c.digest)] } : {}),
      )
      const acked = (one: (typeof said)[number]) =>
        rest.filter((id) => id !== one.sender).map((id) => ackOf(kit, id, one))
      const early = said.slice(0, kit.q - 1)
      const effects = [
        ...primary.receiveAll(early),
        ...primary.receiveAll(early.flatMap(acked)),
        ...primary.settle(),
      ]
      expect(sentKinds(effects)).not.toContain('oral-new-view')
      const late = said.slice(kit.q - 1)
      const more = [
        ...primary.receiveAll(late),
        ...primary.receiveAll(late.flatMap(acked)),
        ...primary.settle(),
      ]
      expect(broadcastsOf(more, 'oral-new-view')[0]?.cited.length).toBeGreaterThan(kit.q)
    })
  })
})
