/** Rules 3.3 to 3.5: what a NEW-VIEW chooses, who believes it, and what follows. TOCS 2002 section 4.5.2. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { CHECKPOINT_INTERVAL, LOG_WINDOW } from '../../src/messages/limits.ts'
import type { ViewChange } from '../../src/messages/message.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import {
  type ChoiceOptions,
  CLUSTER_SIZES,
  createClusterKit,
  seedOf,
  type ViewChangeOptions,
} from '../kit/cluster-kit.ts'
import {
  broadcastsOf,
  decide,
  effectsOf,
  ReplicaUnderTest,
  reasonsOf,
  sentKinds,
} from '../kit/replica-kit.ts'
import { choicesFrom, enter, leaveFor, newViewFrom, plainNewView, prepareAt } from '../kit/view-change-kit.ts'

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
  const enough = kit.ids.slice(0, kit.q)
  const plain = kit.viewChanges(enough, VIEW)

  describe('making it', () => {
    /** What the primary of VIEW chooses when the others say this, in this order. */
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
      expect([primary.state.view, primary.state.isActive]).toEqual([VIEW, true])
    })

    test('PBFT-3.3 VIEW-CHANGEs for other views are no part of it', () => {
      const primary = new ReplicaUnderTest(kit, 1)
      const effects = [
        ...primary.receive(kit.viewChange(others.at(-1) ?? 0, VIEW + 1)),
        ...primary.receiveAll(kit.viewChanges(others.slice(0, kit.q - 2), VIEW)),
        ...primary.settle(),
      ]
      expect(primary.state.view).toBe(VIEW)
      expect(sentKinds(effects)).not.toContain('new-view')
      expect(primary.state.isActive).toBe(false)
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
      expect(primary.state.lowWatermark).toBe(K)
    })

    test('PBFT-3.3 maxSeq is minSeq where every entry lies below it', () => {
      const { choices, primary } = madeFrom(saying({ prepared: [entry(5, a.digest)] }, { stable }))
      expect(choices).toEqual([])
      primary.receive(kit.request(3))
      // The next own proposal would be K + 1; the pipeline waits for the state.
      expect(broadcastsOf(primary.settle(), 'pre-prepare')).toEqual([])
      expect(primary.state.lastProposed).toBe(K)
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
        expect([backup.state.view, backup.state.isActive]).toEqual([VIEW, true])
        expect([1, 2, 3].map((sequence) => acceptedAt(backup, sequence))).toEqual(
          [a.digest, kit.nullDigest, c.digest].map(toHex),
        )
      }
    })

    const acceptedAt = ({ state }: ReplicaUnderTest, sequence: number) => {
      const slot = [...state.slots.values()].find((each) => each.sequence === sequence)
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
      expect(backup.state.isActive).toBe(false)
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
        expect(after.state.view).toBe(kit.q - 2 >= kit.w ? VIEW : 0)
        after.receiveAll(kit.viewChanges(rest.slice(kit.q - 2, kit.q - 1), VIEW))
        after.settle()
        expect(after.state.view).toBe(VIEW + 1)
      },
    )

    test('PBFT-3.4 a valid one after an invalid one is believed while the view is not over', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      leaveFor(kit, backup, VIEW)
      if (kit.w + 1 >= kit.q) return expect(n).toBe(4) // with one fault Q are held at once, and the view is over
      backup.receive(withO([]))
      backup.receive(newViewFrom(kit, VIEW, said))
      expect([backup.state.view, backup.state.isActive]).toEqual([VIEW, true])
    })

    test('PBFT-3.4 an invalid one ends nothing once the view has begun', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      enter(kit, backup, VIEW)
      backup.receive(withO([]))
      backup.receiveAll(kit.viewChanges(kit.ids.slice(0, 1), VIEW))
      expect([backup.state.view, backup.state.isActive]).toEqual([VIEW, true])
    })

    test('PBFT-3.4 one that is not its primary’s ends nothing', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receiveAll(kit.viewChanges(kit.ids.filter((id) => id !== 2).slice(0, kit.q - 1), VIEW))
      backup.settle()
      for (const sender of [0, 3]) {
        const forged = kit.newView(VIEW, { viewChanges: said, choices: right, sender })
        expect(reasonsOf(backup.receive(forged))).toEqual(['not-the-primary'])
      }
      expect([backup.state.view, backup.state.isActive]).toEqual([VIEW, false])
    })

    test('PBFT-3.4 an invalid one for a far view does not cover up one for this view', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const far = VIEW + 5 * n
      backup.receive(kit.newView(far, { viewChanges: [], choices: [] }))
      backup.receiveAll(kit.viewChanges(kit.ids.filter((id) => id !== 2).slice(0, kit.q - 1), VIEW))
      backup.settle()
      expect(backup.state.view).toBe(VIEW)
      backup.receive(withO([]))
      expect(backup.state.view).toBe(VIEW + 1)
    })

    test('PBFT-3.4 one for a view that is left, or a second one for this view, changes nothing', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      enter(kit, backup, VIEW)
      backup.receive(newViewFrom(kit, VIEW, said))
      expect(acceptedAt(backup, 1)).toBeNull()
      leaveFor(kit, backup, VIEW + 2)
      backup.receive(newViewFrom(kit, VIEW, said))
      backup.receive(plainNewView(kit, VIEW + 1))
      expect([backup.state.view, backup.state.isActive]).toEqual([VIEW + 2, false])
    })

    test('PBFT-3.4 PBFT-2.2 the certificate of minSeq is taken: h moves at once', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const mixed = [kit.viewChange(0, VIEW, { stable }), ...plain.slice(1)]
      const effects = backup.receive(newViewFrom(kit, VIEW, mixed))
      expect(backup.state.lowWatermark).toBe(K)
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
      expect(broadcastsOf(backup.receive(kit.delivery(3, 1, a)), 'prepare')).toEqual([])
      expect(broadcastsOf(backup.sync(), 'prepare')).toEqual([place(1, a)])
      expect(broadcastsOf(backup.tick(10), 'fetch').every(({ sequence }) => sequence === 3)).toBe(true)
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
      enter(kit, backup, 1) // nobody in V had prepared it
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
