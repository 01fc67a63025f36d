/** Rules 3.1 and 3.2: the contents of a VIEW-CHANGE, and the valid ones. TOCS 2002 section 4.5.1. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { CHECKPOINT_INTERVAL, LOG_WINDOW } from '../../src/messages/limits.ts'
import type { PreparedCertificate, Vote } from '../../src/messages/message.ts'
import { packPayload } from '../../src/messages/payload.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { encodeViewChangeBody } from '../../src/messages/view-change.ts'
import { CLUSTER_SIZES, createClusterKit, hash, NOTHING_STABLE, seedOf } from '../kit/cluster-kit.ts'
import { broadcastsOf, effectsOf, ReplicaUnderTest, reasonsOf, sentKinds } from '../kit/replica-kit.ts'
import { enter, entriesOf, leaveFor, prepareAt } from '../kit/view-change-kit.ts'

const K = CHECKPOINT_INTERVAL

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const others = kit.ids.filter((id) => id !== 1)
  const digest = batchAt(1).digest
  const left = (replica: ReplicaUnderTest, view: number) => {
    const [content] = broadcastsOf(leaveFor(kit, replica, view), 'view-change')
    if (content === undefined) throw new Error('no VIEW-CHANGE')
    return content
  }

  describe('what it says', () => {
    test('PBFT-3.1 P holds what was prepared, null batches included, in order; C is empty at h = 0', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      const batches = [batchAt(1), kit.batch([], 0), batchAt(3)]
      for (const sequence of [3, 1, 2]) {
        const batch = batches[sequence - 1] ?? batchAt(1)
        prepareAt(kit, backup, { sequence, batch })
      }
      backup.receive(kit.prePrepare({ sequence: 4, batch: batchAt(4) })) // accepted, not prepared
      const said = left(backup, 1)
      expect(said.stable).toEqual(NOTHING_STABLE)
      expect(entriesOf(said.preparedCertificates)).toEqual(
        batches.map((batch, index) => [index + 1, 0, toHex(batch.digest)]),
      )
      for (const { prepares } of said.preparedCertificates) {
        const senders = prepares.map(({ sender }) => sender)
        expect(new Set(senders).size).toBe(kit.q - 1)
        expect(senders).not.toContain(0)
      }
    })

    test('PBFT-3.1 every other replica accepts its VIEW-CHANGE', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      for (const sequence of [1, 2]) prepareAt(kit, backup, { sequence, batch: batchAt(sequence) })
      const message = kit.accept(kit.frameOf(2, left(backup, 1)), kit.replicaPeer(2))
      if (message.kind !== 'view-change') throw new Error('not a VIEW-CHANGE')
      const other = new ReplicaUnderTest(kit, 3)
      expect(reasonsOf(other.receive(message))).toEqual([])
      expect(other.state.views.viewChanges[2]).toBe(message)
    })

    test('PBFT-3.1 of several views the highest one in which it prepared stands in P', () => {
      const backup = new ReplicaUnderTest(kit, 3)
      prepareAt(kit, backup, { sequence: 1, batch: batchAt(1) })
      prepareAt(kit, backup, { sequence: 2, batch: batchAt(2) })
      const prepared = [1, 2].map((sequence) =>
        kit.preparedCertificate({ sequence, digest: batchAt(sequence).digest }),
      )
      enter(kit, backup, 1, { prepared })
      const again = kit.ids.filter((id) => id !== 3 && id !== 1)
      backup.receiveAll(kit.votes('prepare', again, { view: 1, sequence: 1, digest: batchAt(1).digest }))
      backup.settle()
      expect(entriesOf(left(backup, 2).preparedCertificates)).toEqual([
        [1, 1, toHex(batchAt(1).digest)],
        [2, 0, toHex(batchAt(2).digest)],
      ])
    })

    test('PBFT-3.1 with h above 0 C is its certificate, and P starts above h', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      prepareAt(kit, backup, { sequence: K, batch: batchAt(K) })
      prepareAt(kit, backup, { sequence: K + 1, batch: batchAt(K + 1) })
      const stable = kit.certificate(K, seedOf(1))
      backup.receive(kit.stableCheckpoint(3, stable))
      const said = left(backup, 1)
      expect(said.stable.sequence).toBe(K)
      expect(said.stable.checkpoints.map(({ sender }) => sender)).toEqual(kit.ids.slice(0, kit.q))
      expect(entriesOf(said.preparedCertificates).map(([sequence]) => sequence)).toEqual([K + 1])
    })

    test('PBFT-3.1 what was withheld of the old view never leaves, whatever is synced afterwards', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
      const backups = kit.ids.filter((id) => id !== 0 && id !== 2)
      backup.receiveAll(kit.votes('prepare', backups, { sequence: 1, digest }))
      const gone = leaveFor(kit, backup, 1) // nothing was synced before
      expect(sentKinds(gone)).toEqual(['view-change'])
      expect(sentKinds(enter(kit, backup, 1)).filter((kind) => kind !== 'request')).toEqual([])
    })

    test('PBFT-3.1 a proposal that waits for the disk when its view ends is never sent', () => {
      const primary = new ReplicaUnderTest(kit, 0)
      primary.receive(kit.request(0))
      expect(sentKinds(leaveFor(kit, primary, 1))).toEqual(['view-change'])
    })

    test('PBFT-3.1 between views it takes no part: no vote, no proposal, nothing of the old view', () => {
      const backup = new ReplicaUnderTest(kit, 2)
      backup.receive(kit.prePrepare({ sequence: 1, batch: batchAt(1) }))
      backup.settle()
      leaveFor(kit, backup, 3)
      const effects = [
        ...backup.receive(kit.prePrepare({ sequence: 2, batch: batchAt(2) })),
        ...backup.receiveAll(kit.votes('prepare', [1, 3], { sequence: 1, digest })),
        ...backup.receive(kit.request(5)),
        ...backup.settle(),
      ]
      expect(new Set(reasonsOf(effects))).toEqual(new Set(['wrong-view']))
      expect(sentKinds(effects)).toEqual([])
      backup.tick(40)
      const asked = backup.receive(kit.status(3))
      expect(sentKinds(asked)).not.toContain('prepare')
      expect(sentKinds(asked)).not.toContain('pre-prepare')
    })

    test('PBFT-3.1 a VIEW-CHANGE is sent by all that hold W of them, the primary of the old view too', () => {
      for (const id of kit.ids) {
        const replica = new ReplicaUnderTest(kit, id)
        expect(left(replica, 1)).toMatchObject({ view: 1 })
      }
    })
  })

  describe('which ones count', () => {
    const stable = kit.certificate(K, seedOf(1))
    const entry = (sequence: number, more: object = {}) =>
      kit.preparedCertificate({ sequence, digest, ...more })
    const backups = kit.ids.slice(1)
    const withPrepares = (prepares: readonly Vote[]): PreparedCertificate => ({ ...entry(1), prepares })
    const place = { sequence: 1, digest }
    const enough = backups.slice(0, kit.q - 1)
    const VIEW = 2 * n + 1

    test.each([
      ['nothing stable and nothing prepared', {}],
      ['a stable checkpoint and nothing prepared', { stable }],
      ['a certificate of more than Q', { stable: kit.certificate(K, seedOf(1), kit.ids) }],
      ['the window’s edges', { stable, prepared: [entry(K + 1), entry(K + LOG_WINDOW)] }],
      ['an entry of the view before', { prepared: [entry(1, { view: VIEW - 1 })] }],
      ['an entry of a null batch', { prepared: [entry(1, { digest: kit.nullDigest })] }],
    ])('PBFT-3.2 valid: %s', (_, options) => {
      const backup = new ReplicaUnderTest(kit, 1)
      expect(reasonsOf(backup.receive(kit.viewChange(2, VIEW, options)))).toEqual([])
      expect(backup.state.views.viewChanges[2]?.view).toBe(VIEW)
    })

    const mixed = [...kit.votes('prepare', enough.slice(1), place)]
    const invalid: readonly (readonly [string, object])[] = [
      ['C of Q - 1', { stable: kit.certificate(K, seedOf(1), kit.ids.slice(1, kit.q)) }],
      ['C empty at h > 0', { stable: { ...stable, checkpoints: [] } }],
      ['C for another h', { stable: { ...stable, sequence: 2 * K } }],
      ['C at h = 0', { stable: { ...stable, sequence: 0 } }],
      ['C where no checkpoint is due', { stable: kit.certificate(K + 1, seedOf(1)) }],
      ['C with a sender twice', { stable: kit.certificate(K, seedOf(1), [...kit.ids.slice(1, kit.q), 1]) }],
      [
        'C of two roots',
        {
          stable: {
            ...stable,
            checkpoints: [...stable.checkpoints.slice(1), kit.checkpoint(0, K, seedOf(2))],
          },
        },
      ],
      [
        'C of two sequence numbers',
        {
          stable: {
            ...stable,
            checkpoints: [...stable.checkpoints.slice(1), kit.checkpoint(0, 2 * K, seedOf(1))],
          },
        },
      ],
      ['an entry of the view it moves to', { prepared: [entry(1, { view: VIEW })] }],
      ['an entry of a later view', { prepared: [entry(1, { view: VIEW + n })] }],
      ['an entry at h', { stable, prepared: [entry(K)] }],
      ['an entry at 0', { prepared: [entry(0)] }],
      ['an entry below h', { stable, prepared: [entry(1)] }],
      ['an entry above h + L', { stable, prepared: [entry(K + LOG_WINDOW + 1)] }],
      ['two entries for one s', { prepared: [entry(1), entry(1, { view: 1 })] }],
      ['entries out of order', { prepared: [entry(2), entry(1)] }],
      ['a pre-prepare that is not its primary’s', { prepared: [entry(1, { sender: 1 })] }],
      ['Q - 2 PREPAREs', { prepared: [entry(1, { voters: enough.slice(1) })] }],
      ['no PREPARE', { prepared: [entry(1, { voters: [] })] }],
      ['the primary’s PREPARE among them', { prepared: [entry(1, { voters: [0, ...enough.slice(1)] })] }],
      ['the primary’s PREPARE on top of enough', { prepared: [entry(1, { voters: [...enough, 0] })] }],
      ['a PREPARE twice', { prepared: [entry(1, { voters: [...enough.slice(1), enough[1] ?? 1] })] }],
      [
        'a PREPARE for another digest',
        {
          prepared: [
            withPrepares([...mixed, kit.vote('prepare', 1, { sequence: 1, digest: kit.nullDigest })]),
          ],
        },
      ],
      [
        'a PREPARE for another sequence number',
        { prepared: [withPrepares([...mixed, kit.vote('prepare', 1, { sequence: 2, digest })])] },
      ],
      [
        'a PREPARE for another view',
        { prepared: [withPrepares([...mixed, kit.vote('prepare', 1, { ...place, view: n })])] },
      ],
      [
        'PREPAREs of another view than the pre-prepare',
        { prepared: [withPrepares(kit.votes('prepare', enough, { ...place, view: n }))] },
      ],
      [
        'PREPAREs for another sequence number than the pre-prepare',
        { prepared: [withPrepares(kit.votes('prepare', enough, { sequence: 2, digest }))] },
      ],
      [
        'PREPAREs for another digest than the pre-prepare',
        {
          prepared: [withPrepares(kit.votes('prepare', enough, { sequence: 1, digest: kit.nullDigest }))],
        },
      ],
      ['one bad entry behind a good one', { prepared: [entry(1), entry(2, { voters: [] })] }],
    ]

    test.each(invalid)('PBFT-3.2 dropped whole: %s', (_, options) => {
      const backup = new ReplicaUnderTest(kit, 1)
      const bad = others.map((sender) => kit.viewChange(sender, VIEW, options))
      for (const message of bad) {
        // At the door, before a signature of it is looked at, and by the protocol itself.
        expect(() => kit.accept(message.bytes, kit.replicaPeer(message.sender))).toThrow('refused')
        expect(reasonsOf(backup.receive(message))).toHaveLength(1)
      }
      // Any number of them moves no replica.
      expect([backup.state.views.view, backup.state.views.isActive]).toEqual([0, true])
      expect(backup.state.views.viewChanges.every((one) => one === null)).toBe(true)
      // And a good one of the same sender counts afterwards.
      backup.receive(kit.viewChange(2, VIEW))
      expect(backup.state.views.viewChanges[2]?.view).toBe(VIEW)
    })

    test('PBFT-3.2 one for view 0 is for no view that anybody moves to', () => {
      const backup = new ReplicaUnderTest(kit, 1)
      expect(reasonsOf(backup.receive(kit.viewChange(2, 0)))).toHaveLength(1)
    })

    test('PBFT-3.2 every signature in it is checked: C, the pre-prepare and the PREPAREs', () => {
      const broken = <M extends { readonly envelope: Uint8Array }>(message: M): M => {
        const envelope = message.envelope.slice()
        const last = envelope.length - 1
        envelope[last] = (envelope[last] ?? 0) ^ 1
        return { ...message, envelope }
      }
      const good = entry(K + 1)
      const cases = [
        { stable: { ...stable, checkpoints: stable.checkpoints.map(broken) } },
        { prepared: [{ ...entry(1), prePrepare: broken(entry(1).prePrepare) }] },
        { prepared: [{ ...entry(1), prepares: [...mixed, broken(kit.vote('prepare', 1, place))] }] },
        { stable, prepared: [good, { ...entry(K + 2), prePrepare: broken(entry(K + 2).prePrepare) }] },
      ]
      for (const options of cases) {
        const { bytes } = kit.viewChange(2, VIEW, options)
        expect(() => kit.accept(bytes, kit.replicaPeer(2))).toThrow('refused: bad-signature')
      }
    })

    /** A VIEW-CHANGE with any body, signed. */
    const withBody = (body: Uint8Array, h = 0) => {
      const payload = packPayload([2, VIEW, h, hash(body)])
      const kind = FRAME_KINDS['view-change']
      const authentication = kit.signers[2]?.sign(kit.signingDigest(kind, payload)) ?? new Uint8Array(0)
      return decodeMessage(encodeFrame({ kind, payload, authentication, body }).bytes, kit.tools)
    }

    test('PBFT-3.2 what is neither a CHECKPOINT in C nor a PRE-PREPARE with PREPAREs in P is refused', () => {
      const commits = kit.votes('commit', enough, place)
      const good = entry(1)
      const bodies = [
        encodeViewChangeBody(NOTHING_STABLE, [{ ...good, prepares: commits }]),
        encodeViewChangeBody(NOTHING_STABLE, [{ ...good, prePrepare: commits[0] as never }]),
      ]
      for (const body of bodies) expect(isRejection(withBody(body))).toBe(true)
    })

    test('PBFT-3.2 a vote in the place of a CHECKPOINT is not passed over: C is what was signed, whole', () => {
      const votes = kit.votes('prepare', [1], place)
      const junk = encodeViewChangeBody({ ...NOTHING_STABLE, checkpoints: votes as never }, [])
      expect(isRejection(withBody(junk))).toBe(true)
      const more = [...stable.checkpoints, ...votes] as never
      expect(isRejection(withBody(encodeViewChangeBody({ ...stable, checkpoints: more }, []), K))).toBe(true)
    })

    test('PBFT-3.2 a full window of entries is taken', () => {
      const prepared = Array.from({ length: LOG_WINDOW }, (_, index) => entry(index + 1))
      const backup = new ReplicaUnderTest(kit, 1)
      expect(reasonsOf(backup.receive(kit.viewChange(2, VIEW, { prepared })))).toEqual([])
      const held = backup.state.views.viewChanges[2]
      expect(held?.kind === 'view-change' && held.preparedCertificates).toHaveLength(LOG_WINDOW)
    })

    test('PBFT-3.2 an older one of a sender does not take the place of its newer one', () => {
      const backup = new ReplicaUnderTest(kit, 1)
      backup.receive(kit.viewChange(2, VIEW))
      backup.receive(kit.viewChange(2, VIEW - 1))
      expect(backup.state.views.viewChanges[2]?.view).toBe(VIEW)
      expect(effectsOf(backup.receive(kit.viewChange(2, VIEW, { stable })), 'reject')).toEqual([])
    })
  })
})
