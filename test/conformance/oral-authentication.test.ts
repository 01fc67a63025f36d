/** The senders that are believed in oral mode, message by message: MACs, links, and the kinds that do not exist there. */
import { describe, expect, it, test } from 'vitest'
import { concatBytes, fromHex } from '../../src/base/bytes.ts'
import type { ClientId, Milliseconds, ReplicaId } from '../../src/base/ids.ts'
import type { Peer } from '../../src/base/peer.ts'
import { createBatch } from '../../src/messages/batch.ts'
import type { Content } from '../../src/messages/content.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { createSigningDigest } from '../../src/messages/frame.ts'
import { SESSION_NONCE_BYTES } from '../../src/messages/limits.ts'
import type { Message } from '../../src/messages/message.ts'
import { isRejection, type Rejection } from '../../src/messages/rejection.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import { createAuthenticator } from '../../src/runtime/authentication/authentication.ts'
import { createMessageMacs } from '../../src/runtime/authentication/message-macs.ts'
import { createSealer } from '../../src/runtime/authentication/sealer.ts'
import { fastSuite } from '../../src/simulator/world/fast-suite.ts'
import { createIdentities } from '../../src/simulator/world/virtual-cluster.ts'
import { createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import { frameSamples } from '../kit/frame-samples.ts'

const suite = fastSuite
const { hash } = suite

function createWorld(requests: 'signed' | 'oral') {
  const { cluster, agreementSecrets, replicaSigners, clientSigners } = createIdentities(
    {
      ...{ seed: 1, n: 4, mode: 'oral', requests, suite: 'simulated', checkpointInterval: 128 },
      workload: { clients: 2 },
    },
    suite,
    0,
  )
  const signingDigest = createSigningDigest(hash, cluster.clusterId)
  const tools = { hash, signingDigest }
  const peerOf = (kind: Peer['kind'], index: number): Peer =>
    kind === 'replica'
      ? { kind, id: index as ReplicaId }
      : { kind, id: cluster.clients[index]?.id ?? ('' as ClientId) }
  const macsOf = (kind: Peer['kind'], index: number) =>
    createMessageMacs({
      ...{ cluster, suite, self: peerOf(kind, index), startedAt: 0 as Milliseconds },
      agreementSecret: agreementSecrets[kind][index] ?? new Uint8Array(0),
    })
  const signerOf = (index: number) => {
    const signer = replicaSigners[index]
    if (signer === undefined) throw new Error(`no replica ${index}`)
    return signer
  }
  const sealed = (sender: number, content: Content): Message => {
    const identity = { id: sender as ReplicaId, signer: signerOf(sender), ...tools }
    const { bytes } = createSealer({ ...identity, macs: macsOf('replica', sender) }).frame(content)
    const message = decodeMessage(bytes, tools)
    if (isRejection(message)) throw new Error(message.reason)
    return message
  }
  const receiver = createAuthenticator({ cluster, suite, signingDigest, macs: macsOf('replica', 0) })
  const judge = (message: Message, from: Peer): Message | Rejection => {
    if (message.kind === 'view-change' || message.kind === 'new-view') throw new Error('a long message')
    return receiver.authenticate(message, from)
  }
  const reasonOf = (message: Message, from: Peer): string | null => {
    const judged = judge(message, from)
    return isRejection(judged) ? judged.reason : null
  }
  const request = (client: number, authenticate: (digest: Uint8Array) => Uint8Array) =>
    encodeRequest(
      {
        publicKey: fromHex(cluster.clients[client]?.id ?? '') ?? new Uint8Array(0),
        session: new Uint8Array(SESSION_NONCE_BYTES),
        ...{ timestamp: 1 as never, responder: 0, operations: seedOf(client) },
      },
      { ...tools, sign: authenticate },
    )
  const signed = (client: number) =>
    request(client, (digest) => clientSigners[client]?.sign(digest) ?? new Uint8Array(0))
  const withMacs = (client: number) =>
    request(client, (digest) => macsOf('client', client).forReplicas(digest))
  const spoiled = (client: number) =>
    request(client, (digest) =>
      macsOf('client', client)
        .forReplicas(digest)
        .map((byte, at) => (at < 4 ? byte : byte ^ 1)),
    )
  return { peerOf, sealed, judge, reasonOf, signed, withMacs, spoiled }
}

describe('what replicas say', () => {
  const { peerOf, sealed, reasonOf } = createWorld('signed')
  const digest = hash(seedOf(1))
  const place = { view: 0 as never, sequence: 1 as never, digest }
  const claims = { lowWatermark: 0 as never, checkpoints: [], preparedClaims: [], prePrepareClaims: [] }
  const contents: readonly Content[] = [
    { kind: 'prepare', ...place },
    { kind: 'commit', ...place },
    { kind: 'checkpoint', sequence: 128 as never, root: digest },
    { kind: 'pre-prepare', ...place, batch: createBatch(hash, 0 as Milliseconds, []) },
    { kind: 'oral-view-change', view: 1 as never, ...claims },
  ]

  it.each(contents)("$kind is good over its sender's own link only", (content) => {
    const message = sealed(2, content)
    expect(reasonOf(message, peerOf('replica', 2))).toBeNull()
    expect(reasonOf(message, peerOf('replica', 1))).toBe('sender-is-not-the-link')
    expect(reasonOf(message, peerOf('client', 0))).toBe('kind-not-for-this-link')
  })

  it.each(contents)('$kind is bad with a MAC for somebody else, of another kind, or with none', (content) => {
    const message = sealed(2, content)
    const from = peerOf('replica', 2)
    if (!('authentication' in message)) throw new Error('it has none')
    const { authentication } = message
    const rotated = concatBytes(
      authentication.subarray(0, 4),
      authentication.subarray(20),
      authentication.subarray(4, 20),
    )
    const others = sealed(
      2,
      content.kind === 'commit' ? { kind: 'prepare', ...place } : { kind: 'commit', ...place },
    )
    const of = 'authentication' in others ? others.authentication : authentication
    for (const wrong of [rotated, of, new Uint8Array(0), new Uint8Array(64)]) {
      expect(reasonOf({ ...message, authentication: wrong } as Message, from)).toMatch(/^bad-mac$|^mac-epoch/)
    }
  })

  it('shows nothing that others signed', () => {
    const kit = createClusterKit(4)
    const kinds = ['stable-checkpoint', 'recollection', 'exhibit', 'evidence', 'decision']
    for (const { bytes, from } of frameSamples(kit).filter(({ kind }) => kinds.includes(kind))) {
      const message = decodeMessage(bytes, kit.tools)
      if (isRejection(message)) throw new Error(message.reason)
      expect(reasonOf(message, from)).toBe('needs-signatures')
    }
  })
})

describe('what clients ask', () => {
  const world = createWorld('oral')
  const { peerOf, sealed, judge, reasonOf, signed, withMacs, spoiled } = world
  const proposing = (...requests: ReturnType<typeof signed>[]) => {
    const batch = createBatch(hash, 1 as Milliseconds, requests)
    return sealed(2, { kind: 'pre-prepare', view: 0 as never, sequence: 1 as never, batch })
  }

  test('is taken with MACs and with a signature, where requests have MACs', () => {
    for (const make of [signed, withMacs]) expect(reasonOf(make(0), peerOf('client', 0))).toBeNull()
    expect(reasonOf(withMacs(0), peerOf('client', 1))).toBe('sender-is-not-the-link')
    expect(reasonOf(spoiled(0), peerOf('client', 0))).toBe('bad-mac')
  })

  test('is taken with a signature only, where requests are signed', () => {
    const strict = createWorld('signed')
    expect(strict.reasonOf(strict.signed(0), peerOf('client', 0))).toBeNull()
    expect(strict.reasonOf(strict.withMacs(0), peerOf('client', 0))).toBe('bad-signature')
  })

  test('PBFT-4.10 is doubtful where a replica passes it on, and in a batch', () => {
    const from = peerOf('replica', 2)
    const { id } = peerOf('client', 0)
    expect(judge(spoiled(0), from)).toMatchObject({ kind: 'request', doubtful: [id] })
    expect(judge(proposing(spoiled(0), withMacs(1)), from)).toMatchObject({
      kind: 'pre-prepare',
      doubtful: [id],
    })
    expect(judge(proposing(withMacs(0), signed(1)), from)).not.toHaveProperty('doubtful')
  })

  test('PBFT-4.10 is bad for everybody with a bad signature, wherever it comes from', () => {
    const forged = { ...signed(0), authentication: new Uint8Array(64) }
    expect(reasonOf(forged, peerOf('replica', 2))).toBe('bad-signature')
  })
})
