/** Rules 3.4 and 3.5: the acceptance of a NEW-VIEW, and its consequences. TOCS 2002 section 4.5.2. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { View } from '../../src/base/ids.ts'
import { CHECKPOINT_INTERVAL, LOG_WINDOW } from '../../src/messages/limits.ts'
import type { ViewChange } from '../../src/messages/message.ts'
import { RESEND_AFTER_TICKS, STATUS_BUSY_TICKS } from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import type { ChoiceOptions } from '../kit/message-options.ts'
import { broadcastsOf, decide, effectsOf, ReplicaUnderTest, reasonsOf } from '../kit/replica-kit.ts'
import { choicesFrom, enter, leaveFor, newViewFrom, plainNewView, prepareAt } from '../kit/view-change-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const [a, b, c] = [batchAt(1), batchAt(2), batchAt(3)] as const
  const stable = kit.certificate(K, seedOf(1))
  /** Primary of it is replica 1; there were n + 1 views before. */
  const VIEW = n + 1
  const entry = (sequence: number, digest: Uint8Array, view = 0) =>
    kit.preparedCertificate({ sequence, digest, view })
  const enough = kit.ids.slice(0, kit.q)
  const plain = kit.viewChanges(enough, VIEW)

  describe('believing it', () => {
    const prepared = [entry(1, a.digest), entry(3, c.digest, 2)]
    const said = kit.viewChanges(enough, VIEW, { prepared })
    const right = choicesFrom(kit, said)
    const at = (index: number): ChoiceOptions => right[index] ?? { sequence: 1, digest: a.digest }

    test('PBFT-3.4 a valid one begins the view', () => {
      for (const isBefore of [true, false]) {
        const backup = new ReplicaUnderTest(kit, 2)
        if (isBefore) leaveFor(kit, backup, VIEW)
        const effects = backup.receive(newViewFrom(kit, VIEW, said))
        expect(reasonsOf(effects)).toEqual([])
        expect([backup.state.views.view, backup.state.views.isActive]).toEqual([VIEW, true])
        expect([1, 2, 3].map((sequence) => acceptedAt(backup, sequence))).toEqual(
          [a.digest, kit.nullDigest, c.digest].map(toHex),
        )
      }
    })

    const acceptedAt = ({ state }: ReplicaUnderTest, sequence: number) => {
      const slot = [...state.ordering.slots.values()].find((each) => each.sequence === sequence)
      return slot?.accepted === undefined || slot.accepted === null ? null : toHex(slot.accepted.digest)
    }

    const withV = (viewChanges: readonly ViewChange[]) =>
      kit.newView(VIEW, { viewChanges, choices: choicesFrom(kit, viewChanges) })
    const withO = (choices: readonly ChoiceOptions[]) => kit.newView(VIEW, { viewChanges: said, choices })
    const flipped = (envelope: Uint8Array) => {
      const copy = envelope.slice()
      copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1
      return { envelope: copy }
    }
    const envelopes = right.map((choice) => kit.header({ view: VIEW, ...choice }))
    const badEntry = { prepared: [entry(1, a.digest, VIEW)] }
    const broken = (viewChange: ViewChange): ViewChange => {
      const bytes = viewChange.bytes.slice()
      const last = 4 + viewChange.envelope.length - 1
      bytes[last] = (bytes[last] ?? 0) ^ 1
      return { ...viewChange, bytes }
    }

    const invalid = {
      'Q - 1 VIEW-CHANGEs': () => withV(said.slice(1)),
      'no VIEW-CHANGE': () => kit.newView(VIEW, { viewChanges: [], choices: [] }),
      'more than Q VIEW-CHANGEs': () => withV(kit.viewChanges(kit.ids.slice(0, kit.q + 1), VIEW)),
      'a sender twice': () => withV([...said.slice(1), ...said.slice(1, 2)]),
      'a sender twice on top of Q': () => withV([...said, ...said.slice(1, 2)]),
      'a VIEW-CHANGE for the view before': () => withV([...said.slice(1), kit.viewChange(0, VIEW - 1)]),
      'a VIEW-CHANGE for a later view': () => withV([...said.slice(1), kit.viewChange(0, VIEW + 1)]),
      'a VIEW-CHANGE that is not valid': () => withV([...said.slice(1), kit.viewChange(0, VIEW, badEntry)]),
      'a VIEW-CHANGE that its sender did not sign': () =>
        withV([...said.slice(1), ...said.slice(0, 1).map(broken)]),
      'O without its last': () => withO(right.slice(0, -1)),
      'O without its first': () => withO(right.slice(1)),
      'O without the null batch between': () => withO([at(0), at(2)]),
      'no O': () => withO([]),
      'O with one more': () => withO([...right, { sequence: 4, digest: b.digest }]),
      'O with one at 0': () => withO([{ sequence: 0, digest: kit.nullDigest }, ...right]),
      'O with another digest': () => withO([{ ...at(0), digest: b.digest }, at(1), at(2)]),
      'O with null for what was prepared': () => withO([{ ...at(0), digest: kit.nullDigest }, at(1), at(2)]),
      'O with a batch where null is due': () => withO([at(0), { ...at(1), digest: b.digest }, at(2)]),
      'O in another order': () => withO([at(1), at(0), at(2)]),
      'O with one twice': () => withO([at(0), at(0), at(1), at(2)]),
      'O of another view': () => withO([{ ...at(0), view: VIEW - n }, at(1), at(2)]),
      'O signed by another replica': () => withO([{ ...at(0), sender: 2 }, at(1), at(2)]),
      'O with a signature that is none': () =>
        kit.newView(VIEW, {
          viewChanges: said,
          choices: [],
          prePrepares: [
            ...envelopes.slice(1),
            ...envelopes.slice(0, 1).map(({ envelope }) => flipped(envelope)),
          ],
        }),
      'a body that is no body': () => kit.newView(VIEW, { viewChanges: [], choices: [], body: seedOf(5) }),
      'an empty body': () => kit.newView(VIEW, { viewChanges: [], choices: [], body: new Uint8Array(0) }),
    }
    const names = Object.keys(invalid) as (keyof typeof invalid)[]

    test.each(names)('PBFT-3.4 not believed: %s', (name) => {
      const backup = new ReplicaUnderTest(kit, 2)
      leaveFor(kit, backup, VIEW)
      const effects = backup.receive(invalid[name]())
      expect(reasonsOf(effects)).toHaveLength(1)
      expect(backup.state.views.isActive).toBe(false)
      expect(backup.records.every(({ kind }) => kind === 'view-change')).toBe(true)
    })

    test.each(names)(
      'PBFT-3.4 it ends the view once Q VIEW-CHANGEs are held, before or after: %s',
      (name) => {
        const rest = kit.ids.filter((id) => id !== 2)
        const before = new ReplicaUnderTest(kit, 2)
        before.receiveAll(kit.viewChanges(rest.slice(0, kit.q - 1), VIEW))
        before.settle()
        before.receive(invalid[name]())
        expect(broadcastsOf(before.settle(), 'view-change')).toMatchObject([{ view: VIEW + 1 }])

        const after = new ReplicaUnderTest(kit, 2)
        after.receive(invalid[name]())
        after.receiveAll(kit.viewChanges(rest.slice(0, kit.q - 2), VIEW))
        after.settle()
        expect(after.state.views.view).toBe(kit.q - 2 >= kit.w ? VIEW : 0)
        after.receiveAll(kit.viewChanges(rest.slice(kit.q - 2, kit.q - 1), VIEW))
        after.settle()
        expect(after.state.views.view).toBe(VIEW + 1)
      },
    )

    test('PBFT-3.4 a valid one after an invalid one is believed while the view is not over', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      leaveFor(kit, backup, VIEW)
      if (kit.w + 1 >= kit.q) return expect(n).toBe(4) // with one fault Q are held at once, and the view is over
      backup.receive(withO([]))
      backup.receive(newViewFrom(kit, VIEW, said))
      expect([backup.state.views.view, backup.state.views.isActive]).toEqual([VIEW, true])
    })

    test('PBFT-3.4 an invalid one ends nothing once the view has begun', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      enter(kit, backup, VIEW)
      backup.receive(withO([]))
      backup.receiveAll(kit.viewChanges(kit.ids.slice(0, 1), VIEW))
      expect([backup.state.views.view, backup.state.views.isActive]).toEqual([VIEW, true])
    })

    test('PBFT-3.4 one that is not its primary’s ends nothing', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receiveAll(kit.viewChanges(kit.ids.filter((id) => id !== 2).slice(0, kit.q - 1), VIEW))
      backup.settle()
      for (const sender of [0, 3]) {
        const forged = kit.newView(VIEW, { viewChanges: said, choices: right, sender })
        expect(reasonsOf(backup.receive(forged))).toEqual(['not-the-primary'])
      }
      expect([backup.state.views.view, backup.state.views.isActive]).toEqual([VIEW, false])
    })

    test('PBFT-3.4 an invalid one for a far view does not cover up one for this view', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const far = VIEW + 5 * n
      backup.receive(kit.newView(far, { viewChanges: [], choices: [] }))
      backup.receiveAll(kit.viewChanges(kit.ids.filter((id) => id !== 2).slice(0, kit.q - 1), VIEW))
      backup.settle()
      expect(backup.state.views.view).toBe(VIEW)
      backup.receive(withO([]))
      expect(backup.state.views.view).toBe(VIEW + 1)
    })

    test('PBFT-3.4 one for a view that is left, or a second one for this view, changes nothing', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      enter(kit, backup, VIEW)
      backup.receive(newViewFrom(kit, VIEW, said))
      expect(acceptedAt(backup, 1)).toBeNull()
      leaveFor(kit, backup, VIEW + 2)
      backup.receive(newViewFrom(kit, VIEW, said))
      backup.receive(plainNewView(kit, VIEW + 1))
      expect([backup.state.views.view, backup.state.views.isActive]).toEqual([VIEW + 2, false])
    })

    test('PBFT-3.4 PBFT-2.2 the certificate of minSeq is taken: h moves at once', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const mixed = [kit.viewChange(0, VIEW, { stable }), ...plain.slice(1)]
      const effects = backup.receive(newViewFrom(kit, VIEW, mixed))
      expect(backup.state.checkpoints.lowWatermark).toBe(K)
      expect(effectsOf(effects, 'stable')).toMatchObject([{ stable: { sequence: K } }])
      const below = kit.prePrepare({ view: VIEW, sequence: K, batch: batchAt(K) })
      expect(reasonsOf(backup.receive(below))).toEqual(['outside-window'])
      backup.receive(kit.prePrepare({ view: VIEW, sequence: K + LOG_WINDOW, batch: batchAt(9) }))
      expect(broadcastsOf(backup.settle(), 'prepare').map(({ sequence }) => sequence)).toEqual([
        K + LOG_WINDOW,
      ])
    })

    test('PBFT-3.4 what is at or below maxSeq is accepted from O only, what is above from PRE-PREPARE', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receive(newViewFrom(kit, VIEW, said))
      for (const sequence of [1, 2, 3]) {
        const effects = backup.receive(kit.prePrepare({ view: VIEW, sequence, batch: batchAt(9) }))
        expect(reasonsOf(effects)).toHaveLength(1)
      }
      expect([1, 2, 3].map((sequence) => acceptedAt(backup, sequence))).toEqual(
        [a.digest, kit.nullDigest, c.digest].map(toHex),
      )
      backup.receive(kit.prePrepare({ view: VIEW, sequence: 4, batch: batchAt(4) }))
      expect(acceptedAt(backup, 4)).toBe(toHex(batchAt(4).digest))
    })

    test('PBFT-3.4 the PRE-PREPARE of an entry of O, with its batch, brings that batch', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receive(newViewFrom(kit, VIEW, said))
      backup.settle()
      backup.receive(kit.prePrepare({ view: VIEW, sequence: 1, batch: a }))
      expect(broadcastsOf(backup.settle(), 'prepare')).toMatchObject([{ view: VIEW, sequence: 1 }])
    })

    test('PBFT-3.4 what came for the new view before its NEW-VIEW counts when that comes', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const place = { view: VIEW, sequence: 1, digest: a.digest }
      const voters = kit.ids.filter((id) => id !== 2 && id !== 1)
      backup.receiveAll(kit.votes('prepare', voters, place))
      backup.receiveAll(kit.votes('commit', [1, ...voters], place))
      backup.receive(kit.prePrepare({ view: VIEW, sequence: 1, batch: a }))
      expect(backup.records).toEqual([])
      enter(kit, backup, VIEW)
      expect(backup.executed).toHaveLength(1)
    })
  })

  describe('following it', () => {
    const place = (sequence: number, { digest }: { readonly digest: Uint8Array }) => ({
      kind: 'prepare',
      view: VIEW,
      sequence,
      digest,
    })
    const prepared = [entry(1, a.digest), entry(3, c.digest)]

    test('PBFT-3.5 PREPARE for what it holds, once the NEW-VIEW is on disk; null batches need no fetching', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      for (const [sequence, batch] of [
        [1, a],
        [3, c],
      ] as const)
        backup.receive(kit.prePrepare({ sequence, batch }))
      backup.settle()
      expect(broadcastsOf(backup.receive(plainNewView(kit, VIEW, { prepared })), 'prepare')).toEqual([])
      expect(broadcastsOf(backup.sync(), 'prepare')).toEqual([
        place(1, a),
        place(2, { digest: kit.nullDigest }),
        place(3, c),
      ])
    })

    test('PBFT-3.5 what is missing is fetched by digest from all, and prepared when it is on disk', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const entered = enter(kit, backup, VIEW, { prepared })
      expect(broadcastsOf(entered, 'prepare').map(({ sequence }) => sequence)).toEqual([2])
      const fetches = broadcastsOf(backup.tick(10), 'fetch')
      expect(fetches).toContainEqual({ kind: 'fetch', sequence: 1, digest: a.digest })
      expect(fetches).toContainEqual({ kind: 'fetch', sequence: 3, digest: c.digest })
      expect(fetches.some(({ sequence }) => sequence === 2)).toBe(false)
      backup.receive(kit.delivery(3, 1, b)) // another batch
      backup.receive(kit.delivery(3, 2, a)) // another place
      expect(broadcastsOf(backup.settle(), 'prepare')).toEqual([])
      expect(backup.records.map(({ kind }) => kind)).not.toContain('batch')
      expect(broadcastsOf(backup.receive(kit.delivery(3, 1, a)), 'prepare')).toEqual([])
      expect(backup.records.at(-1)).toMatchObject({ kind: 'batch', sequence: 1, batch: { digest: a.digest } })
      // The syncs before its record let nothing go.
      expect(
        broadcastsOf(backup.step({ kind: 'persisted', records: backup.syncedRecords }), 'prepare'),
      ).toEqual([])
      expect(broadcastsOf(backup.sync(), 'prepare')).toEqual([place(1, a)])
      // What it voted for it still has after a crash: it stands by its vote, and fetches the other one only.
      const again = backup.restarted()
      expect(broadcastsOf([...again.resumed, ...again.settle()], 'prepare')).toContainEqual(place(1, a))
      const lacking = broadcastsOf(again.tick(10), 'fetch').map(({ sequence }) => sequence)
      expect([...new Set(lacking)]).toEqual([3])
      expect(broadcastsOf(backup.tick(10), 'fetch').every(({ sequence }) => sequence === 3)).toBe(true)
    })

    test('PBFT-3.5 PBFT-6 what was fetched is passed on to others only once it is on disk', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      enter(kit, backup, VIEW, { prepared })
      backup.settle()
      backup.tickHearing(3 * RESEND_AFTER_TICKS) // the primary evidently does not send it
      backup.receive(kit.delivery(3, 1, a))
      const lacking = kit.status(3, { view: VIEW as View })
      const passedOn = (): boolean =>
        effectsOf(backup.receive(lacking), 'send').some(
          ({ outgoing }) =>
            outgoing.kind === 'relayed' &&
            outgoing.message.kind === 'pre-prepare' &&
            outgoing.message.sequence === 1,
        )
      expect(passedOn()).toBe(false)
      backup.settle()
      backup.tickHearing(STATUS_BUSY_TICKS)
      expect(passedOn()).toBe(true)
    })

    test('PBFT-3.5 a decision brings the batch as well', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      enter(kit, backup, VIEW, { prepared })
      backup.receive(kit.decision({ sequence: 1, batch: a }))
      expect(backup.executed).toHaveLength(1)
      backup.settle()
      const backups = kit.ids.filter((id) => id !== 1 && id !== 2)
      backup.receiveAll(kit.votes('prepare', backups, place(1, a) as never))
      expect(broadcastsOf(backup.settle(), 'commit')).toMatchObject([{ view: VIEW, sequence: 1 }])
    })

    test('PBFT-3.5 what was fetched is kept across view changes', () => {
      const backup = new ReplicaUnderTest(kit, 3)
      enter(kit, backup, VIEW, { prepared })
      backup.receive(kit.delivery(2, 1, a))
      backup.settle()
      const next = { prepared: [entry(1, a.digest), entry(3, c.digest)] }
      const effects = enter(kit, backup, VIEW + 1, next)
      expect(broadcastsOf(effects, 'prepare').map(({ sequence }) => sequence)).toEqual([1, 2])
    })

    test('PBFT-3.5 what it prepared before is still here when a view in between chose otherwise', () => {
      const backup = new ReplicaUnderTest(kit, 3)
      prepareAt(kit, backup, { sequence: 1, batch: a })
      enter(kit, backup, 1) // no replica in V had prepared it
      const effects = enter(kit, backup, VIEW, { prepared: [entry(1, a.digest)] })
      expect(broadcastsOf(effects, 'prepare')).toEqual([place(1, a)])
    })

    test('PBFT-3.5 what was executed is voted on again, and not executed again', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      for (const sequence of [1, 2, 3]) decide(kit, backup, { sequence, batch: batchAt(sequence) })
      const entries = [1, 2, 3].map((sequence) => entry(sequence, batchAt(sequence).digest))
      const effects = enter(kit, backup, VIEW, { prepared: entries })
      expect(broadcastsOf(effects, 'prepare').map(({ sequence }) => sequence)).toEqual([1, 2, 3])
      const voters = kit.ids.filter((id) => id !== 1 && id !== 2)
      const again = [1, 2, 3].flatMap((sequence) => {
        const at = { view: VIEW, sequence, digest: batchAt(sequence).digest }
        return [
          ...backup.receiveAll(kit.votes('prepare', voters, at)),
          ...backup.settle(),
          ...backup.receiveAll(kit.votes('commit', [1, ...voters], at)),
        ]
      })
      expect(broadcastsOf(again, 'commit').map(({ sequence }) => sequence)).toEqual([1, 2, 3])
      expect(effectsOf(again, 'execute')).toEqual([])
      expect(backup.executed).toHaveLength(3)
    })

    test('PBFT-3.5 chosen null batches are ordered and executed like any other', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      enter(kit, backup, VIEW, { prepared: [entry(2, b.digest)] })
      for (const [sequence, batch] of [
        [1, kit.batch([], 0)],
        [2, b],
      ] as const) {
        decide(kit, backup, { view: VIEW, sequence, batch })
      }
      expect(backup.executed.map(({ batch }) => toHex(batch.digest))).toEqual([
        toHex(kit.nullDigest),
        toHex(b.digest),
      ])
    })

    test('PBFT-3.5 a batch that it voted for is kept though a NEW-VIEW passes it over: a liar may hold its certificate', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receive(kit.prePrepare({ sequence: 1, batch: a }))
      backup.settle()
      enter(kit, backup, 1)
      const effects = enter(kit, backup, VIEW, { prepared: [entry(1, a.digest)] })
      expect(broadcastsOf(effects, 'prepare')).toEqual([place(1, a)])
    })
  })
})
