/** Rules 4.3 to 4.7 with messages: making a NEW-VIEW, judging one, and entering it. TOCS 2002 section 4.5.2. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import type { OralViewChange } from '../../src/messages/oral/message.ts'
import type { Effect } from '../../src/pbft/effects.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import {
  A,
  ackOf,
  type ClaimsOptions,
  claim,
  decisionOf,
  deliveryOf,
  fetchOf,
  held,
  oralNewViewOf,
  viewChangeOf,
  viewChangesOf,
} from '../kit/oral-kit.ts'
import { broadcastsOf, effectsOf, ReplicaUnderTest, reasonsOf, sentKinds } from '../kit/replica-kit.ts'
import { prepareAt } from '../kit/view-change-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n, 1, 'oral')
  const K = kit.cluster.checkpointInterval
  const [a, b] = [1, 2].map((at) => kit.batch([kit.request(0, { timestamp: at })])) as [
    ReturnType<typeof kit.batch>,
    ReturnType<typeof kit.batch>,
  ]
  const VIEW = 1
  const SELF = 3
  const prepared: ClaimsOptions = { p: [claim(1, a.digest)] }
  const acked = (viewChange: OralViewChange, by: readonly number[]) =>
    by.filter((id) => id !== viewChange.sender).map((id) => ackOf(kit, id, viewChange))

  describe('making it', () => {
    const rest = kit.ids.filter((id) => id !== VIEW)
    /** The primary of VIEW, after all others said this, each acknowledged by all. */
    const primaryAfter = (options: ClaimsOptions, before: (primary: ReplicaUnderTest) => void = () => {}) => {
      const primary = new ReplicaUnderTest(kit, VIEW)
      before(primary)
      const said = viewChangesOf(kit, rest.slice(0, kit.q), VIEW, options)
      const acks = said.flatMap((one) => acked(one, rest))
      const effects = [...primary.receiveAll([...said, ...acks]), ...primary.settle()]
      return { primary, effects }
    }
    const madeIn = (effects: readonly Effect[]) => broadcastsOf(effects, 'oral-new-view')[0]
    const chosenIn = (effects: readonly Effect[]) =>
      madeIn(effects)?.choices.map(({ sequence, digest }) => [sequence, toHex(digest)])

    test('PBFT-4.5 A3: it waits for a batch that it has not, asks all for it, and has it on disk first', () => {
      const { primary, effects } = primaryAfter(prepared)
      expect(sentKinds(effects)).not.toContain('oral-new-view')
      const fetches = broadcastsOf(primary.tick(5), 'fetch')
      expect(fetches.map(({ digest }) => toHex(digest))).toContain(toHex(a.digest))
      const logged = primary.records.length
      primary.receive(kit.delivery(2, 1, a))
      expect(primary.records.slice(logged).map(({ kind }) => kind)).toEqual(['batch', 'new-view-made'])
      expect(chosenIn(primary.settle())).toEqual([[1, toHex(a.digest)]])
    })

    test('PBFT-4.5 PBFT-4.8 a batch that came with the word of one that it was decided serves as well', () => {
      const { primary } = primaryAfter(prepared)
      primary.receive(decisionOf(kit, 2, { sequence: 1, batch: b })) // not that one
      expect(primary.state.views.madeNewView).toBe(0)
      primary.receive(decisionOf(kit, 2, { sequence: 1, batch: a }))
      expect([primary.state.views.madeNewView, primary.executed.length]).toEqual([VIEW, 0])
    })

    test('PBFT-4.5 with the batch it is made at once', () => {
      const { effects } = primaryAfter(prepared, (primary) => {
        prepareAt(kit, primary, { sequence: 1, batch: a })
      })
      expect(chosenIn(effects)).toEqual([[1, toHex(a.digest)]])
    })

    test('PBFT-4.4 it names the checkpoint, and continues after it', () => {
      const at = { h: K, checkpoints: [held(K, A)] }
      const { primary, effects } = primaryAfter(at)
      expect(madeIn(effects)?.checkpoint).toEqual(held(K, A))
      expect([primary.state.views.isActive, primary.state.views.lastChosen]).toEqual([true, K])
      // W hold it: a state to fetch, and no more than that. h moves with Q CHECKPOINTs.
      expect(primary.state.checkpoints.lowWatermark).toBe(0)
      primary.tick(40)
      expect(primary.transferring?.sequence).toBe(K)
    })

    test('PBFT-6 PBFT-4.3 it is sent once it is on disk, and its view begins then', () => {
      const primary = new ReplicaUnderTest(kit, VIEW)
      const said = viewChangesOf(kit, rest, VIEW)
      primary.receiveAll([...said, ...said.flatMap((one) => acked(one, rest))])
      expect(primary.state.views.madeNewView).toBe(0) // the own VIEW-CHANGE is not on disk yet
      primary.sync()
      expect([primary.state.views.madeNewView, primary.state.views.isActive]).toEqual([VIEW, false])
      expect(sentKinds(primary.sync())).toContain('oral-new-view')
      expect(primary.state.views.isActive).toBe(true)
    })
  })

  describe('judging it', () => {
    const backup = () => new ReplicaUnderTest(kit, SELF)
    const quorumOf = kit.ids.slice(0, kit.q)
    const said = viewChangesOf(kit, quorumOf, VIEW, prepared)
    const own = (options: ClaimsOptions = prepared) =>
      said.map((one) => (one.sender === SELF ? viewChangeOf(kit, SELF, VIEW, options) : one))

    test('PBFT-4.7 with all that it cites from their senders it begins the view, once that is logged', () => {
      const replica = backup()
      const cited = viewChangesOf(kit, kit.ids.filter((id) => id !== SELF).slice(0, kit.q), VIEW, prepared)
      const newView = oralNewViewOf(kit, VIEW, { viewChanges: cited, digests: [a.digest] })
      replica.receiveAll(cited.slice(1))
      expect(reasonsOf(replica.receive(newView))).toEqual([])
      expect(replica.state.views.isActive && replica.state.views.view === VIEW).toBe(false)
      replica.receiveAll(cited.slice(0, 1))
      expect([replica.state.views.view, replica.state.views.isActive]).toEqual([VIEW, true])
      expect(replica.records.at(-1)?.kind).toBe('new-view')
      expect(toHex(replica.state.ordering.slots.get(1 as Sequence)?.accepted?.digest ?? A)).toBe(
        toHex(a.digest),
      )
    })

    /** A backup that has none of what is cited but what it says itself. */
    const lacking = (cited: readonly OralViewChange[], digests: readonly Uint8Array[] = [a.digest]) => {
      const replica = backup()
      const newView = oralNewViewOf(kit, VIEW, { viewChanges: cited, digests })
      const effects = replica.receive(newView)
      return { replica, effects, newView }
    }

    test('PBFT-4.7 missing VIEW-CHANGEs are fetched by digest from all, repeatedly, once W have come so far', () => {
      const { replica, effects } = lacking(said)
      expect(replica.state.views.isActive && replica.state.views.view === VIEW).toBe(false)
      expect(sentKinds([...effects, ...replica.tick(5)])).not.toContain('view-change-fetch')
      const away = kit.ids.filter((id) => id !== SELF).slice(0, kit.w)
      replica.receiveAll(away.map((id) => kit.status(id, { view: VIEW as View, isActive: false })))
      const asked = broadcastsOf(replica.tick(10), 'view-change-fetch')
      expect(asked.map(({ of }) => of)).toEqual(said.map(({ sender }) => sender))
      expect(broadcastsOf(replica.tick(10), 'view-change-fetch')).toHaveLength(said.length)
    })

    test('PBFT-4.7 a fetched one counts with f acknowledgements beside the word of the primary', () => {
      const { replica } = lacking(said)
      const acking = kit.ids.filter((id) => id !== VIEW && id !== SELF)
      replica.receiveAll(said.map((one) => deliveryOf(kit, 2, one)))
      expect(replica.state.views.view).toBe(0)
      for (const one of said) {
        replica.receiveAll(acked(one, [VIEW, one.sender])) // their word is in already, or is no proof
        const words = acking.filter((id) => id !== one.sender).slice(0, kit.f)
        replica.receiveAll(acked(one, words.slice(1)))
        expect(replica.state.views.view).toBe(0)
        replica.receiveAll(acked(one, words))
      }
      expect([replica.state.views.view, replica.state.views.isActive]).toEqual([VIEW, true])
    })

    test('PBFT-4.7 a fetched one of another digest is of no use', () => {
      const { replica } = lacking(said)
      const other = viewChangeOf(kit, 0, VIEW)
      replica.receive(deliveryOf(kit, 2, other))
      expect(replica.state.oral.fetched.size).toBe(0)
    })

    test('PBFT-4.7 PBFT-4.9 V with repeated ids, other than members, or fewer than Q is refused', () => {
      const replica = backup()
      for (const cited of [
        said.slice(1),
        [...said.slice(1), said[1] ?? said[0]].flatMap((one) => one ?? []),
        [...said.slice(1), { sender: 12, digest: A } as unknown as OralViewChange],
      ]) {
        const effects = replica.receive(oralNewViewOf(kit, VIEW, { viewChanges: cited, digests: [a.digest] }))
        expect(reasonsOf(effects)).toEqual(['new-view-without-quorum'])
      }
      expect(replica.state.views.refutedViews.get(VIEW as ReplicaId)).toBe(VIEW)
    })

    test('PBFT-4.7 PBFT-4.9 a VIEW-CHANGE for another view is not the one that is cited', () => {
      const other = viewChangesOf(kit, quorumOf, VIEW + n, prepared)
      const replica = backup()
      replica.receiveAll(other.filter(({ sender }) => sender !== SELF))
      const effects = replica.receive(oralNewViewOf(kit, VIEW, { viewChanges: other, digests: [a.digest] }))
      expect(reasonsOf(effects)).toEqual([])
      expect(replica.state.oral.awaited[VIEW]).toBe(null) // it left for a later view
      const second = backup()
      second.receive(oralNewViewOf(kit, VIEW, { viewChanges: other, digests: [a.digest] }))
      second.receiveAll(other.map((one) => deliveryOf(kit, 2, one)))
      expect(second.state.oral.fetched.size).toBe(0)
    })

    test('PBFT-4.7 a choice that neither A nor B allows is refused, and ends the view', () => {
      for (const digests of [[b.digest], [], [a.digest, b.digest]]) {
        const replica = backup()
        replica.receiveAll(own().filter(({ sender }) => sender !== SELF))
        const missing = own().some(({ sender }) => sender === SELF)
        const cited = missing ? own() : said
        const newView = oralNewViewOf(kit, VIEW, { viewChanges: cited, digests })
        const effects = [...replica.receive(newView)]
        for (const one of cited.filter(({ sender }) => sender === SELF)) {
          effects.push(...replica.receive(deliveryOf(kit, 2, one)))
          effects.push(...replica.receiveAll(acked(one, kit.ids.slice(-kit.f - 1))))
        }
        expect(reasonsOf(effects)).toContain('new-view-selects-otherwise')
        expect(replica.state.views.isActive && replica.state.views.view === VIEW).toBe(false)
      }
    })

    test('PBFT-4.7 one that is not of its primary is refused', () => {
      const replica = backup()
      const effects = replica.receive(
        oralNewViewOf(kit, VIEW, { viewChanges: said, digests: [a.digest], sender: 2 }),
      )
      expect(reasonsOf(effects)).toEqual(['not-the-primary'])
    })
  })

  describe('in the view', () => {
    /** A backup in VIEW, whose NEW-VIEW rests on VIEW-CHANGEs of others that all say this. */
    const inView = (options: ClaimsOptions, parts: Partial<Parameters<typeof oralNewViewOf>[2]> = {}) => {
      const replica = new ReplicaUnderTest(kit, SELF)
      const others = kit.ids.filter((id) => id !== SELF).slice(0, kit.q)
      const cited = viewChangesOf(kit, others, VIEW, options)
      replica.receiveAll(cited)
      replica.settle()
      const newView = oralNewViewOf(kit, VIEW, { viewChanges: cited, ...parts })
      return { replica, effects: replica.receive(newView), cited }
    }

    test('PBFT-4.7 PBFT-3.5 a chosen batch is fetched, logged, and voted for then', () => {
      const { replica } = inView(prepared, { digests: [a.digest] })
      expect(sentKinds(replica.settle())).not.toContain('prepare')
      const fetches = broadcastsOf(replica.tickHearing(5), 'fetch')
      expect(fetches.map(({ sequence, digest }) => [sequence, toHex(digest)])).toEqual([[1, toHex(a.digest)]])
      replica.receive(kit.delivery(2, 1, a))
      expect(replica.records.at(-1)?.kind).toBe('batch')
      expect(sentKinds(replica.settle())).toContain('prepare')
    })

    test('PBFT-2.2 PBFT-4.7 the checkpoint is the floor of the view: nothing at or below it is accepted', () => {
      const at = { h: 0, checkpoints: [held(K, A)] }
      const { replica } = inView(at, { checkpoint: held(K, A) })
      expect([replica.state.views.isActive, replica.state.views.lastChosen]).toEqual([true, K])
      const low = kit.prePrepare({ view: VIEW, sequence: K, batch: b })
      expect(reasonsOf(replica.receive(low))).toEqual(['new-view-selects-otherwise'])
      const next = kit.prePrepare({ view: VIEW, sequence: K + 1, batch: b })
      expect(reasonsOf(replica.receive(next))).toEqual([])
    })

    test('PBFT-4.7 PBFT-2.2 choices above H are taken when h moves', () => {
      const at = { h: 2 * K, checkpoints: [held(2 * K, A)], p: [claim(2 * K + 1, a.digest)] }
      const { replica } = inView(at, {
        checkpoint: held(2 * K, A),
        digests: [a.digest],
      })
      expect(replica.state.ordering.slots.get((2 * K + 1) as Sequence)).toBeUndefined()
      replica.receiveAll(kit.ids.slice(0, kit.q).map((id) => kit.checkpoint(id, 2 * K, A)))
      replica.tick()
      expect(toHex(replica.state.ordering.slots.get((2 * K + 1) as Sequence)?.accepted?.digest ?? A)).toBe(
        toHex(a.digest),
      )
      expect(replica.state.oral.choicesAhead).toEqual([])
    })

    test('PBFT-4.7 PBFT-6 a restart is in the view again, with what was chosen', () => {
      const { replica } = inView(prepared, { digests: [a.digest] })
      replica.settle()
      const again = replica.restarted()
      expect([again.state.views.view, again.state.views.isActive]).toEqual([VIEW, true])
      expect(again.state.views.lastChosen).toBe(1)
      expect(toHex(again.state.ordering.slots.get(1 as Sequence)?.accepted?.digest ?? A)).toBe(
        toHex(a.digest),
      )
    })

    test('PBFT-4.8 no replica passes on what another one authenticated', () => {
      const { replica } = inView(prepared, { digests: [a.digest] })
      replica.settle()
      replica.receive(kit.prePrepare({ view: VIEW, sequence: 2, batch: b }))
      replica.settle()
      replica.tickHearing(40)
      const status = kit.status(2, { view: (VIEW - 1) as View })
      const lagging = kit.status(2, { view: VIEW as View })
      const effects = [...replica.receive(status), ...replica.tick(10), ...replica.receive(lagging)]
      const relayed = effectsOf(effects, 'send').flatMap(({ outgoing }) =>
        outgoing.kind === 'relayed' && outgoing.message.kind !== 'request' ? [outgoing.message.sender] : [],
      )
      expect(relayed.every((sender) => sender === SELF)).toBe(true)
      expect(sentKinds(effects)).not.toContain('oral-new-view')
      expect(sentKinds(effects)).not.toContain('pre-prepare')
      expect(sentKinds(effects)).toContain('prepare')
    })

    test('PBFT-4.3 a cited VIEW-CHANGE is served to any replica that lacks it, with an acknowledgement', () => {
      const { replica, cited } = inView({}, {})
      replica.settle()
      const wanted = cited.find(({ sender }) => sender !== VIEW && sender !== 2) ?? cited[0]
      if (wanted === undefined) expect.fail('something is cited')
      const effects = [...replica.receive(fetchOf(kit, 2, wanted)), ...replica.settle()]
      expect(sentKinds(effects)).toEqual(['view-change-delivery', 'view-change-ack'])
    })
  })
})
