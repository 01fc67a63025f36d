/** Rule 4.10: requests whose MACs some replicas can check and others cannot. */
import { describe, expect, test } from 'vitest'
import type { ClientId } from '../../src/base/ids.ts'
import type { PrePrepare, Request, Verified } from '../../src/messages/message.ts'
import type { MacComplaint } from '../../src/messages/oral/message.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import type { Effect } from '../../src/pbft/effects.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { viewChangesOf } from '../kit/oral-kit.ts'
import { broadcastsOf, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n, 1, 'oral')
  const SELF = n - 1
  const others = kit.ids.filter((id) => id !== SELF && id !== 0)
  const client = kit.clientId(0)
  const MACS = new Uint8Array(4 + 16 * n)

  /** The verdict of the runtime on a request that its client made good for others only. */
  const unsigned = (timestamp = 1, of = 0): Verified<Request> => {
    const content = kit.request(of, { timestamp })
    return kit.authenticator.own(encodeRequest(content, { ...kit.tools, sign: () => MACS }))
  }
  const batch = kit.batch([unsigned()])
  const doubtful = (): Verified<PrePrepare> => ({
    ...kit.prePrepare({ sequence: 1, batch }),
    doubtful: [client],
  })
  const complaint = (sender: number, of: ClientId = client) =>
    kit.accept(
      kit.frameOf(sender, { kind: 'mac-complaint', client: of }),
      kit.replicaPeer(sender),
    ) as Verified<MacComplaint>
  const prepares = (senders: readonly number[]) =>
    kit.votes('prepare', senders, { sequence: 1, digest: batch.digest })
  const acceptedAt = (replica: ReplicaUnderTest) =>
    replica.state.ordering.slots.get(1 as never)?.accepted ?? null
  const refusals = (effects: readonly Effect[]) => effectsOf(effects, 'refuse').map(({ reason }) => reason)

  test('PBFT-4.10 a batch with a request that cannot be checked waits, and its client is complained of', () => {
    const replica = new ReplicaUnderTest(kit, SELF)
    const effects = replica.receive(doubtful())
    expect(acceptedAt(replica)).toBeNull()
    expect(broadcastsOf(effects, 'mac-complaint')).toMatchObject([{ client }])
    expect(broadcastsOf(effects, 'prepare')).toEqual([])
  })

  test.each(['before', 'after'])(
    'PBFT-4.10 W PREPAREs vouch for it, and not W - 1, that came %s it',
    (order) => {
      const vouching = prepares(others.slice(0, kit.w))
      const replica = new ReplicaUnderTest(kit, SELF)
      if (order === 'after') replica.receive(doubtful())
      replica.receiveAll(vouching.slice(0, -1))
      if (order === 'before') replica.receive(doubtful())
      expect(acceptedAt(replica)).toBeNull()
      replica.receiveAll(vouching)
      replica.receive(doubtful())
      expect(acceptedAt(replica)?.digest).toEqual(batch.digest)
    },
  )

  test('PBFT-4.10 PREPAREs for another batch vouch for nothing, nor do those of one replica', () => {
    const replica = new ReplicaUnderTest(kit, SELF)
    replica.receive(doubtful())
    const digest = kit.batch([unsigned(2)]).digest
    replica.receiveAll(kit.votes('prepare', others.slice(0, kit.w), { sequence: 1, digest }))
    expect(acceptedAt(replica)).toBeNull()
    const again = new ReplicaUnderTest(kit, SELF)
    again.receive(doubtful())
    for (let count = 0; count <= kit.w; count++) again.receiveAll(prepares(others.slice(0, 1)))
    expect(acceptedAt(again)).toBeNull()
  })

  test('PBFT-4.10 what waited in a view is gone with it', () => {
    const replica = new ReplicaUnderTest(kit, SELF)
    replica.receive(doubtful())
    expect(replica.state.oral.doubts.prePrepares.size).toBe(1)
    replica.receiveAll(viewChangesOf(kit, kit.ids.slice(0, kit.w), 1))
    expect(replica.state.views.view).toBe(1)
    expect(replica.state.oral.doubts.prePrepares.size).toBe(0)
  })

  test('PBFT-4.10 W complaints, and not W - 1, are needed to ask a client for signatures', () => {
    const replica = new ReplicaUnderTest(kit, SELF)
    const [last = 0, ...first] = others.slice(0, kit.w)
    replica.receive(unsigned(1), kit.clientPeer(0))
    replica.receiveAll(first.map((sender) => complaint(sender)))
    // Said again it says no more.
    replica.receiveAll(first.map((sender) => complaint(sender)))
    expect(refusals(replica.receive(unsigned(2), kit.clientPeer(0)))).toEqual([])
    expect(replica.state.requests.waiting.size).toBe(2)
    replica.receive(complaint(last))
    expect(replica.state.requests.waiting.size).toBe(0)
    expect(refusals(replica.receive(unsigned(3), kit.clientPeer(0)))).toEqual(['must-sign'])
    expect(refusals(replica.receive(kit.request(0, { timestamp: 3 }), kit.clientPeer(0)))).toEqual([])
    expect(replica.state.requests.waiting.size).toBe(1)
    // It is of this client alone.
    expect(refusals(replica.receive(unsigned(1, 1), kit.clientPeer(1)))).toEqual([])
  })

  test('PBFT-4.10 no timer waits for a primary to propose a request that it cannot check', () => {
    const replica = new ReplicaUnderTest(kit, SELF)
    replica.receive(unsigned(1), kit.clientPeer(0))
    replica.receive(complaint(0))
    replica.tick()
    expect(replica.state.requests.waiting.size).toBe(0)
    expect(replica.state.requests.timer).toBeNull()
    expect(refusals(replica.receive(unsigned(1), kit.clientPeer(0)))).toEqual(['must-sign'])
  })

  test('PBFT-4.10 a primary that is passed on what it cannot check complains, and proposes nothing', () => {
    const primary = new ReplicaUnderTest(kit, 0)
    const passedOn: Verified<Request> = { ...unsigned(1), doubtful: [client] }
    const effects = primary.receive(passedOn, kit.replicaPeer(1))
    expect(broadcastsOf(effects, 'mac-complaint')).toMatchObject([{ client }])
    expect(broadcastsOf(effects, 'pre-prepare')).toEqual([])
    expect(primary.state.requests.waiting.size).toBe(0)
  })
})
