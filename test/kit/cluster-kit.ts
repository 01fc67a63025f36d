/**
 * A cluster's keys, and every message that its members can send: sealed, framed, decoded and authenticated by the
 * production code, with the simulated suite.
 */
import { writeU32 } from '../../src/base/bytes.ts'
import type { Hash } from '../../src/base/hash.ts'
import type { ClientId, Milliseconds, ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import { replicaIds } from '../../src/base/ids.ts'
import type { Peer } from '../../src/base/peer.ts'
import { faultsMax, quorum, weakQuorum } from '../../src/base/quorum.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { createBatch } from '../../src/messages/batch.ts'
import { decodeCited, headerOf } from '../../src/messages/cited.ts'
import {
  type AuthenticationMode,
  type Cluster,
  type ClusterFacts,
  clusterClient,
  deriveClusterId,
  type ReadMode,
  type VoteMode,
} from '../../src/messages/cluster.ts'
import type { Content, RecollectionContent, StatusContent } from '../../src/messages/content.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { createSigningDigest, encodeFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { CHECKPOINT_INTERVAL, SESSION_NONCE_BYTES } from '../../src/messages/limits.ts'
import type {
  Batch,
  BatchDelivery,
  Checkpoint,
  CheckpointCertificate,
  Decision,
  Exhibit,
  Fetch,
  Message,
  NewView,
  PrePrepare,
  PrePrepareHeader,
  PreparedCertificate,
  Recollection,
  Request,
  StableCheckpoint,
  Status,
  Verified,
  ViewChange,
  Vote,
} from '../../src/messages/message.ts'
import { encodeNewViewBody } from '../../src/messages/new-view.ts'
import { packPayload } from '../../src/messages/payload.ts'
import { isRejection, type Rejection, rejection } from '../../src/messages/rejection.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import { createAuthenticator } from '../../src/runtime/authentication/authentication.ts'
import { createSealer } from '../../src/runtime/authentication/sealer.ts'
import { createRecoveryRequest } from '../../src/runtime/execution/recovery-request.ts'
import { deeper } from './depth.ts'
import type { ChoiceOptions, Place, RequestOptions, ViewChangeOptions } from './message-options.ts'

/** The cluster sizes with which every rule is tested: f = 1 and 2, and 3 in the deep run. */
export const CLUSTER_SIZES = deeper<readonly number[]>([4, 7], [4, 7, 10])

/** The cluster sizes for slow tests. */
export const FEWER_CLUSTER_SIZES = deeper<readonly number[]>([4], CLUSTER_SIZES)

export const suite = suiteNamed('simulated')
/** A digest as plain bytes, so that the test runner finds equal digests equal, whichever library made them. */
export const hash: Hash = (...parts) => new Uint8Array(suite.hash(...parts))

/** Returns 32 bytes that are unique to a number. */
export function seedOf(number: number): Uint8Array {
  const seed = new Uint8Array(32)
  writeU32(seed, 0, number)
  return seed
}

/** The default session of clients' requests. */
export const SESSION = new Uint8Array(SESSION_NONCE_BYTES).fill(5)

/** The first state's certificate. */
export const NOTHING_STABLE: CheckpointCertificate = {
  sequence: 0 as Sequence,
  root: new Uint8Array(0),
  checkpoints: [],
}

export type ClusterKit = ReturnType<typeof createClusterKit>

/**
 * `nonce` distinguishes two clusters with the same keys. The clients are numbered 0 to 9; 10 and above are strangers.
 */
export function createClusterKit(
  n: number,
  nonce = 1,
  mode: AuthenticationMode = 'signed',
  checkpointInterval = CHECKPOINT_INTERVAL,
  reads: ReadMode = 'ordered',
  voteMode: VoteMode = 'synced',
) {
  const ids = replicaIds(n)
  const signers = ids.map((id) => suite.signer(seedOf(100 + id)))
  const clientSigner = (client: number) => suite.signer(seedOf(1_000 + client))
  const facts: ClusterFacts = {
    mode,
    requests: 'signed',
    reads,
    votes: voteMode,
    suite: 'simulated',
    nonce: seedOf(nonce),
    replicas: ids.map((id) => ({
      id,
      address: { host: '127.0.0.1', port: 7_000 + id },
      publicKey: suite.signer(seedOf(100 + id)).publicKey,
      agreementKey: suite.agreementPublicKey(seedOf(200 + id)),
    })),
    clients: Array.from({ length: 10 }, (_, client) =>
      clusterClient(`client ${client}`, clientSigner(client).publicKey),
    ),
    storeBytesMax: 1024 * 1024,
    checkpointInterval,
  }
  const cluster: Cluster = { ...facts, clusterId: deriveClusterId(hash, facts) }
  const signingDigest = createSigningDigest(hash, cluster.clusterId)
  const tools = { hash, signingDigest }
  const authenticator = createAuthenticator({ cluster, suite, signingDigest })
  const sealers = signers.map((signer, id) =>
    createSealer({ id: id as ReplicaId, signer, hash, signingDigest }),
  )

  const clientId = (client: number): ClientId => clusterClient('any', clientSigner(client).publicKey).id
  const clientPeer = (client: number): Peer => ({ kind: 'client', id: clientId(client) })
  const replicaPeer = (id: number): Peer => ({ kind: 'replica', id: id as ReplicaId })

  const sealerOf = (id: number) => {
    const sealer = sealers[id]
    if (sealer === undefined) throw new Error(`no replica ${id}`)
    return sealer
  }

  /** The frame in which replica `sender` sends this content. */
  const frameOf = (sender: number, content: Content): Uint8Array => sealerOf(sender).frame(content).bytes

  /** Decodes and authenticates, as the loop does. Throws if the bytes are refused, because the test is then wrong. */
  const accept = (bytes: Uint8Array, from: Peer): Verified<Message> => {
    const message = decodeMessage(bytes, tools)
    const verified = isRejection(message) ? message : authenticated(message, from)
    if (isRejection(verified)) throw new Error(`refused: ${verified.reason}`)
    return verified
  }

  /** Checks a message of any kind; long ones are checked completely at once. */
  const authenticated = (message: Message, from: Peer): Verified<Message> | Rejection => {
    // A MAC is for one receiver, but the protocol treats it the same for all.
    if (mode === 'oral') return authenticator.own(message)
    if (message.kind !== 'view-change' && message.kind !== 'new-view') {
      return authenticator.authenticate(message, from)
    }
    if (from.kind === 'client') return rejection('kind-not-for-this-link') // as the loop does
    const check = authenticator.authenticateLong(message, from)
    for (;;) {
      const next = check.next()
      if (next.done === true) return next.value
    }
  }

  const said = <K extends Message['kind']>(sender: number, content: Content & { readonly kind: K }) =>
    accept(frameOf(sender, content), replicaPeer(sender))

  const request = (client: number, options: RequestOptions = {}): Verified<Request> => {
    const signer = clientSigner(client)
    const timestamp = options.timestamp ?? 1
    const made = encodeRequest(
      {
        publicKey: signer.publicKey,
        session: options.session ?? SESSION,
        timestamp: timestamp as Request['timestamp'],
        responder: options.responder ?? n,
        operations: options.operations ?? seedOf(client * 10_000 + timestamp),
      },
      { hash, signingDigest, sign: (digest) => signer.sign(digest) },
    )
    return accept(made.bytes, clientPeer(client)) as Verified<Request>
  }

  const batch = (requests: readonly Request[] = [], time = 1_000): Batch =>
    createBatch(hash, time as Milliseconds, requests)

  const placed = ({ view = 0, sequence }: Place) => ({
    view: view as View,
    sequence: sequence as Sequence,
  })

  const prePrepare = (place: Place & { readonly batch: Batch; readonly sender?: number }) =>
    said(place.sender ?? (place.view ?? 0) % n, {
      kind: 'pre-prepare',
      ...placed(place),
      batch: place.batch,
    }) as Verified<PrePrepare>

  const vote = (kind: Vote['kind'], sender: number, place: Place & { readonly digest: Uint8Array }) =>
    said(sender, { kind, ...placed(place), digest: place.digest }) as Verified<Vote>

  const votes = (
    kind: Vote['kind'],
    senders: readonly number[],
    place: Place & { readonly digest: Uint8Array },
  ) => senders.map((sender) => vote(kind, sender, place))

  const status = (sender: number, says: Partial<Omit<StatusContent, 'kind'>> = {}) =>
    said(sender, {
      kind: 'status',
      view: 0 as View,
      isActive: true,
      viewChanges: 0,
      complaint: null,
      lowWatermark: 0 as Sequence,
      lastExecuted: 0 as Sequence,
      accepted: new Uint8Array(0),
      prepared: new Uint8Array(0),
      committed: new Uint8Array(0),
      ...says,
    }) as Verified<Status>

  const fetch = (sender: number, sequence: number, digest: Uint8Array) =>
    said(sender, { kind: 'fetch', sequence: sequence as Sequence, digest }) as Verified<Fetch>

  const delivery = (sender: number, sequence: number, delivered: Batch) =>
    said(sender, {
      kind: 'batch',
      sequence: sequence as Sequence,
      batch: delivered,
    }) as Verified<BatchDelivery>

  /** A decision with the COMMITs of `voters`, by default of replicas 0 to Q - 1. */
  const decision = (
    place: Place & { readonly batch: Batch; readonly sender?: number; readonly voters?: readonly number[] },
  ) => {
    const voters = place.voters ?? ids.slice(0, quorum(n))
    return said(place.sender ?? 0, {
      kind: 'decision',
      ...placed(place),
      batch: place.batch,
      commits: votes('commit', voters, { ...place, digest: place.batch.digest }),
    }) as Verified<Decision>
  }

  const checkpoint = (sender: number, sequence: number, root: Uint8Array) =>
    said(sender, { kind: 'checkpoint', sequence: sequence as Sequence, root }) as Verified<Checkpoint>

  /** C: the CHECKPOINTs of `senders`, by default of replicas 0 to Q - 1. */
  const certificate = (
    sequence: number,
    root: Uint8Array,
    senders: readonly number[] = ids.slice(0, quorum(n)),
  ): CheckpointCertificate => ({
    sequence: sequence as Sequence,
    root,
    checkpoints: senders.map((sender) => checkpoint(sender, sequence, root)),
  })

  const stableCheckpoint = (sender: number, stable: CheckpointCertificate) =>
    said(sender, { kind: 'stable-checkpoint', stable }) as Verified<StableCheckpoint>

  const recollection = (sender: number, says: Omit<RecollectionContent, 'kind'>) =>
    said(sender, { kind: 'recollection', ...says }) as Verified<Recollection>

  /** An EXHIBIT in which `sender` shows messages of others or its own. */
  const exhibit = (sender: number, ...messages: readonly { readonly envelope: Uint8Array }[]) =>
    said(sender, { kind: 'exhibit', messages }) as Verified<Exhibit>

  /** A signed PRE-PREPARE without a body. */
  const header = ({ sequence, digest, view = 0, sender = view % n }: ChoiceOptions): PrePrepareHeader => {
    const payload = packPayload([sender, view, sequence, digest])
    const kind = FRAME_KINDS['pre-prepare']
    const signer = signers[sender % n]
    if (signer === undefined) throw new Error(`no replica ${sender}`)
    const authentication = signer.sign(signingDigest(kind, payload))
    const frame = encodeFrame({ kind, payload, authentication, body: new Uint8Array(0) })
    const cited = decodeCited(frame.bytes)
    if (isRejection(cited) || cited.kind !== 'pre-prepare') throw new Error('a header that does not decode')
    return headerOf(cited)
  }

  /** An entry of P with the PREPAREs of `voters`, by default of the first Q - 1 backups of its view. */
  const preparedCertificate = (
    place: Place & {
      readonly digest: Uint8Array
      readonly sender?: number
      readonly voters?: readonly number[]
    },
  ): PreparedCertificate => {
    const backups = ids.filter((id) => id !== (place.view ?? 0) % n)
    const voters = place.voters ?? backups.slice(0, quorum(n) - 1)
    return { prePrepare: header(place), prepares: votes('prepare', voters, place) }
  }

  /** A signed VIEW-CHANGE with any content; only its encoding is well-formed. */
  const viewChange = (sender: number, view: number, options: ViewChangeOptions = {}) => {
    const bytes = frameOf(sender, {
      kind: 'view-change',
      view: view as View,
      stable: options.stable ?? NOTHING_STABLE,
      preparedCertificates: options.prepared ?? [],
    })
    const message = decodeMessage(bytes, tools)
    if (isRejection(message) || message.kind !== 'view-change')
      throw new Error('a VIEW-CHANGE that does not decode')
    return authenticator.own(message)
  }

  const viewChanges = (senders: readonly number[], view: number, options: ViewChangeOptions = {}) =>
    senders.map((sender) => viewChange(sender, view, options))

  /** A NEW-VIEW with any V and O; its body is `body` if given. */
  const newView = (
    view: number,
    parts: {
      readonly viewChanges: readonly ViewChange[]
      readonly choices: readonly ChoiceOptions[]
      readonly prePrepares?: readonly { readonly envelope: Uint8Array }[]
      readonly body?: Uint8Array
      readonly sender?: number
    },
  ) => {
    const { sender = view % n } = parts
    const prePrepares = parts.prePrepares ?? parts.choices.map((choice) => header({ view, ...choice }))
    const body = parts.body ?? encodeNewViewBody(parts.viewChanges, prePrepares)
    const kind = FRAME_KINDS['new-view']
    const payload = packPayload([sender, view, hash(body)])
    const authentication = signers[sender]?.sign(signingDigest(kind, payload)) ?? new Uint8Array(0)
    const frame = encodeFrame({ kind, payload, authentication, body })
    return accept(frame.bytes, replicaPeer(sender)) as Verified<NewView>
  }

  const replicaClients = signers.map(({ publicKey }) => clusterClient('any', publicKey).id)

  /** The recovery operation of a replica. */
  const recoveryRequest = (id: number, nonce = 1): Verified<Request> => {
    const signer = suite.signer(seedOf(100 + id))
    const made = createRecoveryRequest({ signer, hash, signingDigest, nonce: seedOf(9_000 + nonce) })
    return accept(made.bytes, replicaPeer(id)) as Verified<Request>
  }

  return {
    n,
    f: faultsMax(n),
    q: quorum(n),
    w: weakQuorum(n),
    ids,
    cluster,
    /** The digest of the null batch. */
    nullDigest: createBatch(hash, 0 as Milliseconds, []).digest,
    signers,
    clientSigner,
    signingDigest,
    tools,
    authenticator,
    clientId,
    clientPeer,
    replicaPeer,
    sealerOf,
    frameOf,
    accept,
    authenticated,
    checkpoint,
    certificate,
    stableCheckpoint,
    recollection,
    exhibit,
    header,
    preparedCertificate,
    viewChange,
    viewChanges,
    newView,
    replicaClients,
    recoveryRequest,
    request,
    batch,
    prePrepare,
    vote,
    votes,
    status,
    fetch,
    delivery,
    decision,
  }
}
