/** Section 6, the table's rows of view changes and checkpoints, and rule 6.2 over a view change: cut the log anywhere. */
import { describe, expect, test } from 'vitest'
import { equalBytes, toHex } from '../../src/base/bytes.ts'
import { createRandom } from '../../src/base/random.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import type { Message, Verified } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { Effect, ProtocolMessage } from '../../src/pbft/effects.ts'
import { createClusterKit, FEWER_CLUSTER_SIZES } from '../kit/cluster-kit.ts'
import { rootAfter } from '../kit/fake-application.ts'
import {
  broadcastsOf,
  decide,
  effectsOf,
  ReplicaUnderTest,
  reasonsOf,
  sentKinds,
} from '../kit/replica-kit.ts'
import { enter, framesOf, leaveFor, newViewFrom, plainNewView, prepareAt } from '../kit/view-change-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(FEWER_CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const entry = (sequence: number) => kit.preparedCertificate({ sequence, digest: batchAt(sequence).digest })
  const relayedIn = (effects: readonly Effect[]) =>
    effectsOf(effects, 'broadcast').flatMap(({ outgoing }) =>
      outgoing.kind === 'relayed' ? [outgoing.message] : [],
    )

  describe('the table', () => {
    test('PBFT-6 VIEW-CHANGE waits for v’, "inactive", and its exact bytes', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const before = backup.receiveAll(kit.viewChanges([0, 1, 3].slice(0, kit.w), 1))
      const rest = kit.ids.filter((id) => id !== 2 && id > 2).slice(0, kit.w)
      const effects = [...before, ...backup.receiveAll(kit.viewChanges(rest, 1))]
      expect(sentKinds(effects)).not.toContain('view-change')
      const [record] = backup.records
      expect(record).toMatchObject({ kind: 'view-change', content: { view: 1 } })
      const logged = backup.log[0]
      const sent = framesOf(kit, 2, backup.sync())
      expect(sent).toContainEqual(logged)
    })

    test('PBFT-6 NEW-VIEW waits for its record, and the primary’s first proposals behind it', () => {
      const primary = new ReplicaUnderTest(kit, 1)
      primary.receive(kit.request(0))
      const others = kit.ids.filter((id) => id !== 1)
      primary.receiveAll(kit.viewChanges(others.slice(0, kit.q - 1), 1))
      expect(sentKinds(primary.sync())).toEqual(['view-change']) // and with that the NEW-VIEW is made
      expect(primary.records.at(-1)).toMatchObject({ kind: 'new-view-made' })
      const next = primary.sync()
      expect(sentKinds(next)).toEqual(['new-view'])
      expect(primary.records.at(-1)).toMatchObject({ kind: 'proposed' })
      expect(sentKinds(primary.sync())).toEqual(['pre-prepare'])
    })

    test('PBFT-6 the first PREPARE and COMMIT in v’ wait for the NEW-VIEW', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
      backup.settle()
      const at = { view: 1, sequence: 1, digest: batchAt(1).digest }
      const voters = kit.ids.filter((id) => id !== 1 && id !== 2)
      const effects = [
        ...backup.receive(plainNewView(kit, 1, { prepared: [entry(1)] })),
        ...backup.receiveAll(kit.votes('prepare', voters, at)),
      ]
      expect(sentKinds(effects)).toEqual([])
      const newViewAt = backup.records.findIndex(({ kind }) => kind === 'new-view')
      expect(sentKinds(backup.step({ kind: 'persisted', records: newViewAt }))).toEqual([])
      expect(sentKinds(backup.sync())).toContain('prepare')
    })

    test('PBFT-6 a certificate that came inside a NEW-VIEW is in the log before anything rests on it', () => {
      const stable = kit.certificate(K, rootAfter([]))
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receive(plainNewView(kit, 1, { stable }))
      backup.receive(kit.prePrepare({ view: 1, sequence: K + 1, batch: batchAt(1) }))
      const kinds = backup.records.map(({ kind }) => kind)
      expect(kinds).toEqual(['new-view', 'stable', 'accepted'])
      expect(backup.restarted(3).state.checkpoints.lowWatermark).toBe(K)
    })

    test('PBFT-6 the log is deleted only up to the stored state, and never the record of the view', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      enter(kit, backup, 1)
      const batches = Array.from({ length: K + 2 }, (_, index) => kit.batch([], index + 1))
      for (const [index, batch] of batches.entries())
        decide(kit, backup, { view: 1, sequence: index + 1, batch })
      backup.receive(kit.stableCheckpoint(3, kit.certificate(K, rootAfter(batches.slice(0, K)))))
      backup.settle()
      const effects = backup.store()
      expect(effectsOf(effects, 'trim')).toEqual([{ kind: 'trim', upTo: K }])
      expect(backup.records.slice(-2).map(({ kind }) => kind)).toContain('view-again')
      backup.settle()
      expect(backup.trimmedBefore).toBeGreaterThan(0)
      const again = backup.restarted()
      expect([again.state.views.view, again.state.views.isActive, again.state.ordering.lastExecuted]).toEqual(
        [1, true, K + 2],
      )
      expect(again.state.views.newView?.view).toBe(1)
      // What stands above is voted on as before.
      const contrary = kit.prePrepare({ view: 1, sequence: K + 1, batch: kit.batch([kit.request(9)]) })
      expect(reasonsOf(again.receive(contrary))).toEqual(['conflicting-pre-prepare'])
    })

    test('PBFT-6 between views its own VIEW-CHANGE is kept', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const batches = Array.from({ length: K }, (_, index) => kit.batch([], index + 1))
      for (const [index, batch] of batches.entries()) decide(kit, backup, { sequence: index + 1, batch })
      backup.receive(kit.stableCheckpoint(3, kit.certificate(K, rootAfter(batches))))
      const [said] = broadcastsOf(leaveFor(kit, backup, 3), 'view-change')
      if (said === undefined) throw new Error('no VIEW-CHANGE')
      backup.store()
      backup.settle()
      const again = backup.restarted()
      expect([again.state.views.view, again.state.views.isActive]).toEqual([3, false])
      expect(framesOf(kit, 2, again.resumed)).toContainEqual(kit.frameOf(2, said))
    })
  })

  describe('a restart', () => {
    test('PBFT-6.2 between views it sends its VIEW-CHANGE again, byte for byte, and goes on waiting', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      prepareAt(kit, backup, { sequence: 1, batch: batchAt(1) })
      const sent = framesOf(kit, 2, leaveFor(kit, backup, 3))
      const again = backup.restarted()
      expect(framesOf(kit, 2, again.resumed)).toEqual(sent)
      expect([again.state.views.view, again.state.views.isActive]).toEqual([3, false])
      expect(reasonsOf(again.receive(kit.prePrepare({ sequence: 2, batch: batchAt(2) })))).toEqual([
        'wrong-view',
      ])
      // T starts anew when Q are held, and the view is left in the end.
      again.receiveAll(kit.viewChanges(kit.ids.filter((id) => id !== 2).slice(0, kit.q - 1), 3))
      again.tickHearing(500)
      expect(again.state.views.view).toBeGreaterThan(3)
    })

    test('PBFT-6.2 P survives it: what was prepared stands in the next VIEW-CHANGE', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      for (const sequence of [1, 2]) prepareAt(kit, backup, { sequence, batch: batchAt(sequence) })
      const [said] = broadcastsOf(leaveFor(kit, backup.restarted(), 1), 'view-change')
      expect(said?.preparedCertificates.map(({ prePrepare }) => toHex(prePrepare.digest))).toEqual(
        [1, 2].map((sequence) => toHex(batchAt(sequence).digest)),
      )
    })

    test('PBFT-6.2 a primary sends its NEW-VIEW again, byte for byte, and makes no second one', () => {
      const primary = new ReplicaUnderTest(kit, 1)
      const others = kit.ids.filter((id) => id !== 1)
      const effects = [
        ...primary.receiveAll(kit.viewChanges(others.slice(0, kit.q - 1), 1, { prepared: [entry(1)] })),
        ...primary.settle(),
      ]
      const [made] = broadcastsOf(effects, 'new-view')
      if (made === undefined) throw new Error('no NEW-VIEW')
      const again = primary.restarted()
      expect(relayedIn(again.resumed).map(({ bytes }) => bytes)).toContainEqual(kit.frameOf(1, made))
      const more = [...again.receiveAll(kit.viewChanges(others, 1)), ...again.settle()]
      expect(sentKinds(more)).not.toContain('new-view')
      again.receive(kit.request(5))
      expect(broadcastsOf(again.settle(), 'pre-prepare').every(({ sequence }) => sequence > 1)).toBe(true)
    })

    test('PBFT-6.2 a NEW-VIEW that was logged and never sent is sent by the restart', () => {
      const primary = new ReplicaUnderTest(kit, 1)
      const others = kit.ids.filter((id) => id !== 1)
      primary.receiveAll(kit.viewChanges(others.slice(0, kit.q - 1), 1))
      primary.sync()
      const made = primary.log.length
      expect(primary.records.at(-1)).toMatchObject({ kind: 'new-view-made' })
      const again = primary.restarted(made)
      expect(relayedIn(again.resumed)).toMatchObject([{ kind: 'new-view', view: 1 }])
      expect([again.state.views.view, again.state.views.isActive]).toEqual([1, true])
    })

    test('PBFT-6.2 PBFT-3.4 O is as binding after it as before', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      enter(kit, backup, 1, { prepared: [entry(1), entry(3)] })
      const again = backup.restarted()
      for (const sequence of [1, 2, 3]) {
        const effects = again.receive(kit.prePrepare({ view: 1, sequence, batch: batchAt(9) }))
        expect(reasonsOf(effects)).toHaveLength(1)
      }
      again.receive(kit.delivery(3, 1, batchAt(1)))
      expect(broadcastsOf(again.settle(), 'prepare')).toMatchObject([{ view: 1, sequence: 1 }])
    })
  })

  describe('cut anywhere', () => {
    /** Everything that a replica can go through, as steps of one event each. */
    const story = (id: number): readonly Verified<ProtocolMessage>[] => {
      const others = kit.ids.filter((other) => other !== id)
      const votesFor = (view: number, sequence: number, { digest }: { readonly digest: Uint8Array }) => {
        const voters = others.filter((other) => other !== view % n)
        const at = { view, sequence, digest }
        return [...kit.votes('prepare', voters, at), ...kit.votes('commit', others, at)]
      }
      const views = [0, 1, n + 1, n + 2]
      return views.flatMap((view, index) => {
        const batch = batchAt(10 * view + 1)
        const next = views[index + 1] ?? view + 1
        const carried = views.slice(1, index + 1).length > 0 ? [entry(1)] : []
        return [
          ...(view === 0
            ? [
                id === 0 ? kit.request(3) : kit.prePrepare({ sequence: 1, batch: batchAt(1) }),
                ...votesFor(0, 1, batchAt(1)).slice(0, n - 2),
              ]
            : [
                ...kit.viewChanges(others, view, { prepared: [entry(1)] }),
                newViewFrom(
                  kit,
                  view,
                  kit.viewChanges(kit.ids.slice(0, kit.q), view, { prepared: [entry(1)] }),
                ),
                ...votesFor(view, 1, batchAt(1)).slice(0, n - 2),
              ]),
          ...(view % n === id
            ? [kit.request(4, { timestamp: view + 1 })]
            : [kit.prePrepare({ view, sequence: 2, batch })]),
          ...votesFor(view, 2, batch),
          ...kit.viewChanges(others.slice(0, kit.f), next, { prepared: carried }),
        ]
      })
    }

    interface Said {
      readonly records: number
      readonly message: Message
    }
    const messagesOf = (id: number, effects: readonly Effect[]): Message[] =>
      framesOf(kit, id, effects).flatMap((bytes) => {
        const message = decodeMessage(bytes, kit.tools)
        return isRejection(message) || !('sender' in message) || message.sender !== id ? [] : [message]
      })

    /** The contradictions that two signed messages of one replica may never have. */
    const expectConsistent = (before: readonly Said[], after: readonly Message[]): void => {
      for (const later of after) {
        for (const { message: earlier } of before) {
          if (earlier.kind !== later.kind) continue
          const isVote =
            earlier.kind === 'prepare' || earlier.kind === 'commit' || earlier.kind === 'pre-prepare'
          if (
            isVote &&
            later.kind === earlier.kind &&
            earlier.view === later.view &&
            earlier.sequence === later.sequence
          ) {
            expect(toHex(later.digest)).toBe(toHex(earlier.digest))
          }
          const isOfView = earlier.kind === 'view-change' || earlier.kind === 'new-view'
          if (isOfView && later.kind === earlier.kind && earlier.view === later.view) {
            expect(equalBytes(later.bytes, earlier.bytes)).toBe(true)
          }
        }
      }
      // Nothing of a view below a VIEW-CHANGE that was sent.
      const left = Math.max(
        0,
        ...before.map(({ message }) => (message.kind === 'view-change' ? message.view : 0)),
      )
      for (const message of after) {
        if (message.kind === 'prepare' || message.kind === 'commit' || message.kind === 'pre-prepare') {
          expect(message.view).toBeGreaterThanOrEqual(left)
        }
      }
    }

    test.each([0, 1, 2, 3])(
      'PBFT-6.2 PBFT-7.5 PBFT-7.8 replica %i contradicts nothing that it sent',
      (id) => {
        for (const seed of [1, 2]) {
          const random = createRandom(seed)
          const replica = new ReplicaUnderTest(kit, id)
          const messages = story(id)
          const said: Said[] = []
          const note = (effects: readonly Effect[]) => {
            for (const message of messagesOf(id, effects))
              said.push({ records: replica.syncedRecords, message })
          }
          for (const message of messages) {
            note(replica.receive(message))
            if (random.chance(0.3)) note(replica.sync())
          }
          note(replica.settle())
          expect(replica.state.views.view).toBeGreaterThan(n)
          expectConsistent(
            said,
            said
              .map(({ message }) => message)
              .filter(
                ({ kind }) =>
                  kind !== 'view-change' && kind !== 'prepare' && kind !== 'commit' && kind !== 'pre-prepare',
              ),
          )
          for (let kept = 0; kept <= replica.log.length; kept++) {
            const again = replica.restarted(kept)
            const before = said.filter(({ records }) => records <= kept)
            const views = before.map(({ message }) => ('view' in message ? message.view : 0))
            expect(again.state.views.view).toBeGreaterThanOrEqual(Math.max(0, ...views))
            const effects = [
              ...again.resumed,
              ...random.shuffle(messages).flatMap((message) => again.receive(message)),
              ...again.settle(),
              ...again.tickHearing(2),
              ...again.settle(),
            ]
            expectConsistent(before, messagesOf(id, effects))
          }
        }
      },
    )
  })
})
