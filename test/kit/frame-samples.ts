/** One valid frame of every kind of message, and a way to frame anything else under a valid signature. */
import { utf8 } from '../../src/base/bytes.ts'
import type { Milliseconds, ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import type { Peer } from '../../src/base/peer.ts'
import { encodeFrame, splitFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS, type FrameKind } from '../../src/messages/kinds.ts'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import type { MessageKind, Occurrence } from '../../src/messages/message.ts'
import { encodeOccurrenceInquiry } from '../../src/messages/occurrence.ts'
import { createOralViewChange } from '../../src/messages/oral/view-change.ts'
import { packPayload } from '../../src/messages/payload.ts'
import { encodePlaceInquiry } from '../../src/messages/place.ts'
import { encodeRead } from '../../src/messages/read.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { encodeStateInquiry } from '../../src/messages/state-pages.ts'
import { type ClusterKit, hash, SESSION } from './cluster-kit.ts'
import { SessionUnderTest } from './session-kit.ts'

export interface Sample {
  readonly kind: MessageKind
  readonly bytes: Uint8Array
  readonly from: Peer
}

const EMPTY = new Uint8Array(0)

const sampleOf =
  (kit: ClusterKit) =>
  (sender: number, bytes: Uint8Array, kind: MessageKind): Sample => ({
    kind,
    bytes,
    from: kit.replicaPeer(sender),
  })

/** The samples, in the order of the kinds' numbers. */
export function frameSamples(kit: ClusterKit): readonly Sample[] {
  const requests = [kit.request(0, { operations: utf8('put a b') }), kit.request(1, { timestamp: 2 ** 40 })]
  const [request] = requests
  if (request === undefined) throw new Error('no request')
  const batch = kit.batch(requests, 1_700_000_000_000)
  const place = { view: 70_000, sequence: 5, batch, digest: batch.digest }
  const session = new SessionUnderTest(kit)
  const report = {
    view: 0 as View,
    isActive: true,
    condition: 'voting' as const,
    lowWatermark: 0 as Sequence,
    lastExecuted: 200 as Sequence,
    revision: 2 ** 33,
    waiting: 3,
    stalledSince: 1_700_000_000_000 as Milliseconds,
    reachable: [0, 1, 2] as ReplicaId[],
    missing: [] as ReplicaId[],
    suspected: [3] as ReplicaId[],
    guilty: [2] as ReplicaId[],
    cutOff: [{ id: 3 as ReplicaId, because: 'floods' as const, times: 2 }],
    cutOffClients: 1,
    blacklisted: [{ replica: 2 as ReplicaId, complaint: 'late' as const }],
    eventLoopDelayMs: 12,
  }
  const bits = Uint8Array.of(0b101)
  const { view } = place
  const sequence = CHECKPOINT_INTERVAL as Sequence
  const stable = kit.certificate(sequence, batch.digest)
  const checkpoint = kit.checkpoint(1, sequence, batch.digest)
  const prepared = [kit.preparedCertificate({ view: 2, sequence: sequence + 2, digest: batch.digest })]
  const options = { stable, prepared }
  const viewChange = kit.viewChange(2, view, options)
  const newView = kit.newView(view, {
    viewChanges: kit.viewChanges(kit.ids.slice(0, kit.q), view, options),
    choices: [
      { sequence: sequence + 1, digest: kit.nullDigest },
      { sequence: sequence + 2, digest: batch.digest },
    ],
  })
  // One of each kind that a replica may have forgotten.
  const remembered = [
    kit.header({ ...place, sender: 1 }),
    kit.vote('prepare', 1, place),
    kit.vote('commit', 1, place),
    checkpoint,
    kit.viewChange(1, view, options),
  ]
  const proof = {
    guilty: 1 as ReplicaId,
    first: kit.vote('prepare', 1, place),
    second: kit.vote('prepare', 1, { ...place, digest: kit.nullDigest }),
  }
  const replica = sampleOf(kit)
  return [
    { kind: 'request', bytes: request.bytes, from: kit.clientPeer(0) },
    replica(place.view % kit.n, kit.prePrepare(place).bytes, 'pre-prepare'),
    replica(1, kit.vote('prepare', 1, place).bytes, 'prepare'),
    replica(2, kit.vote('commit', 2, place).bytes, 'commit'),
    replica(0, session.replyOf(0, request, utf8('results')).bytes, 'reply'),
    replica(1, kit.status(1, { accepted: bits, prepared: bits, committed: bits }).bytes, 'status'),
    replica(1, kit.fetch(1, 5, batch.digest).bytes, 'fetch'),
    replica(1, kit.delivery(1, 5, batch).bytes, 'batch'),
    replica(3, kit.decision({ ...place, sender: 3 }).bytes, 'decision'),
    replica(1, session.refusalOf(1, request, 'busy').bytes, 'refusal'),
    clientQuestion('inquiry', kit.clientPeer(0)),
    replica(2, kit.frameOf(2, { kind: 'report', nonce: 9, report }), 'report'),
    {
      kind: 'place-inquiry',
      bytes: encodePlaceInquiry({ session: SESSION, token: 9 }),
      from: kit.clientPeer(0),
    },
    replica(1, session.placeOf(1, 4_096, { token: 9, isShared: true }).bytes, 'place'),
    { kind: 'read', bytes: encodeRead(readOf(9)), from: kit.clientPeer(0) },
    replica(1, kit.frameOf(1, readAnswerOf(9, utf8('results'))), 'read-answer'),
    {
      kind: 'occurrence-inquiry',
      bytes: encodeOccurrenceInquiry({ nonce: 9, recording: 2 ** 40, next: 7 }),
      from: kit.clientPeer(0),
    },
    replica(1, kit.frameOf(1, { kind: 'occurrences', nonce: 9, ...OCCURRED }), 'occurrences'),
    {
      kind: 'state-inquiry',
      bytes: encodeStateInquiry({ nonce: 9, sequence: 128 as Sequence, paths: [[], [3, 1]] }),
      from: kit.clientPeer(0),
    },
    replica(
      1,
      kit.frameOf(1, { kind: 'state-pages', nonce: 9, sequence: 128 as Sequence, ...STATE }),
      'state-pages',
    ),
    replica(1, checkpoint.bytes, 'checkpoint'),
    replica(2, viewChange.bytes, 'view-change'),
    replica(view % kit.n, newView.bytes, 'new-view'),
    replica(1, kit.frameOf(1, { kind: 'page-fetch', sequence, paths: [[], [1, 255]] }), 'page-fetch'),
    replica(1, kit.frameOf(1, { kind: 'page', sequence, path: [1, 255], page: utf8('a page') }), 'page'),
    replica(3, kit.stableCheckpoint(3, stable).bytes, 'stable-checkpoint'),
    replica(1, kit.frameOf(1, { kind: 'recall', nonce: 2 ** 32 - 1 }), 'recall'),
    replica(2, kit.frameOf(2, { kind: 'recollection', nonce: 9, remembered }), 'recollection'),
    replica(2, kit.frameOf(2, { kind: 'exhibit', messages: [proof.first, proof.second] }), 'exhibit'),
    clientQuestion('evidence-inquiry', kit.clientPeer(0)),
    replica(2, kit.frameOf(2, { kind: 'evidence', nonce: 9, proofs: [proof, proof] }), 'evidence'),
  ]
}

/** One of every kind that oral mode adds. */
export function oralSamples(kit: ClusterKit): readonly Sample[] {
  const batch = kit.batch([kit.request(0)])
  const view = 70_000
  const sequence = CHECKPOINT_INTERVAL as Sequence
  const inViewTwo = { sequence: (sequence + 2) as Sequence, view: 2 as View, digest: batch.digest }
  const claims = {
    kind: 'oral-view-change' as const,
    view: view as View,
    lowWatermark: sequence,
    checkpoints: [{ sequence, root: batch.digest }],
    preparedClaims: [inViewTwo],
    prePrepareClaims: [inViewTwo, { ...inViewTwo, view: 3 as View, digest: kit.nullDigest }],
  }
  const claimed = createOralViewChange(claims, 2 as ReplicaId, kit.tools.hash)
  const named = { view: view as View, of: 2 as ReplicaId, digest: claimed.digest }
  const chosen = {
    kind: 'oral-new-view' as const,
    view: view as View,
    cited: [{ sender: 2 as ReplicaId, digest: claimed.digest }],
    checkpoint: { sequence, root: batch.digest },
    choices: [{ sequence: (sequence + 1) as Sequence, digest: kit.nullDigest }],
  }
  const reminders = [
    { kind: 'commit' as const, view: view as View, sequence },
    { kind: 'view-change' as const, view: view as View, sequence: 0 as Sequence },
  ]
  const replica = sampleOf(kit)
  return [
    replica(1, kit.frameOf(1, { kind: 'view-change-ack', ...named }), 'view-change-ack'),
    replica(2, kit.frameOf(2, claims), 'oral-view-change'),
    replica(view % kit.n, kit.frameOf(view % kit.n, chosen), 'oral-new-view'),
    replica(1, kit.frameOf(1, { kind: 'view-change-fetch', ...named }), 'view-change-fetch'),
    replica(1, kit.frameOf(1, { kind: 'view-change-delivery', viewChange: claimed }), 'view-change-delivery'),
    replica(3, kit.frameOf(3, { kind: 'oral-recollection', nonce: 9, reminders }), 'oral-recollection'),
    replica(1, kit.frameOf(1, { kind: 'mac-complaint', client: kit.clientId(4) }), 'mac-complaint'),
  ]
}

const readOf = (number: number) => ({
  session: SESSION,
  number,
  responder: 1,
  operations: utf8('get a'),
})

const readAnswerOf = (number: number, results: Uint8Array) => ({
  kind: 'read-answer' as const,
  session: SESSION,
  number,
  revision: 2 ** 33,
  resultDigest: hash(results),
  results,
})

const STATE = { certificate: utf8('certificate'), pages: [utf8('a page'), EMPTY] }

const at = (2 ** 41) as Milliseconds
const accepted = {
  kind: 'accepted',
  at,
  view: 3 as View,
  sequence: 9 as Sequence,
  peer: null,
  digest: 2 ** 31,
}
const convicted = { ...accepted, kind: 'convicted', peer: 3 as ReplicaId, digest: 0 }
const OCCURRED = {
  recording: 2 ** 40,
  first: 7,
  omitted: 300,
  timerMs: 2_500,
  occurrences: [accepted as Occurrence, convicted as Occurrence],
}

function clientQuestion(kind: 'inquiry' | 'evidence-inquiry', from: Peer): Sample {
  const parts = { payload: packPayload([9]), authentication: EMPTY, body: EMPTY }
  return { kind, bytes: encodeFrame({ kind: FRAME_KINDS[kind], ...parts }).bytes, from }
}

/** The parts of a frame that is known to be complete. */
export function partsOf(bytes: Uint8Array) {
  const frame = splitFrame(bytes)
  if (isRejection(frame)) throw new Error(frame.reason)
  return frame
}

/** The same frame with another payload, signed by the same sender. */
export function withPayload(kit: ClusterKit, sample: Sample, payload: Uint8Array): Uint8Array {
  const { kind, authentication, body } = partsOf(sample.bytes)
  const signed = authentication.length === 0 ? authentication : signatureOf(kit, sample.from, kind, payload)
  return encodeFrame({ kind, payload, authentication: signed, body }).bytes
}

export function signatureOf(kit: ClusterKit, by: Peer, kind: FrameKind, payload: Uint8Array): Uint8Array {
  const signer = by.kind === 'client' ? kit.clientSigner(0) : kit.signers[by.id]
  if (signer === undefined) throw new Error('no signer')
  return signer.sign(kit.signingDigest(kind, payload))
}
