/**
 * Secure links between processes: a handshake in which both ends prove their identities, then a MAC with a counter for
 * every frame.
 *
 * The handshake is a signed Diffie-Hellman exchange of the SIGMA family (Krawczyk, CRYPTO 2003). Both ends sign one
 * transcript, which contains the protocol version, the cluster id, the role and the key of the initiator, both ids,
 * both nonces and both ephemeral keys. The kind of the frame is signed with it, so neither signature can be used as the
 * other. A transcript never repeats, because each end adds a fresh nonce: a signature of one session proves nothing in
 * another. The ephemeral secrets are wiped, so an attacker that learns a signing key later cannot forge on old links.
 *
 * Links are not encrypted. They protect the origin and order of messages, not their secrecy.
 */
import { assert } from '../../base/assert.ts'
import { equalBytes, readU16, toHex, utf8, writeU64 } from '../../base/bytes.ts'
import type { ClientId, ReplicaId } from '../../base/ids.ts'
import { createSigningDigest, FRAME_LENGTH_BYTES } from '../../messages/frame.ts'
import {
  decodeHello,
  decodeProof,
  decodeWelcome,
  encodeHello,
  encodeProof,
  encodeWelcome,
  type Hello,
  NONCE_BYTES,
  transcriptOf,
  welcomePayload,
} from '../../messages/handshake.ts'
import { FRAME_KINDS } from '../../messages/kinds.ts'
import { LINK_TAG_BYTES } from '../../messages/limits.ts'
import { isRejection, type RejectionReason } from '../../messages/rejection.ts'
import type {
  Claim,
  CryptoSuite,
  Entropy,
  Handshake,
  HandshakeStep,
  LinkSecurity,
  Peer,
  SecureLink,
  Signer,
} from '../../ports.ts'
import { createHelloMacs, type HelloMacKeys, type HelloMacs, NO_HELLO_MACS } from './hello-mac.ts'

/** The identity of this process on its links. */
export type LinkIdentity =
  | { readonly kind: 'replica'; readonly id: ReplicaId; readonly signer: Signer }
  | { readonly kind: 'client'; readonly signer: Signer }

export interface LinkSecurityOptions {
  readonly suite: CryptoSuite
  readonly entropy: Entropy
  readonly clusterId: Uint8Array
  /** The replicas' Ed25519 keys from the cluster file, in the order of their ids. */
  readonly replicaKeys: readonly Uint8Array[]
  readonly identity: LinkIdentity
  /** The keys of the hello MACs between this replica and the others. A client has none. */
  readonly helloMacKeys?: HelloMacKeys
}

/**
 * The reason why a handshake failed. `small-order-key`: anyone could know the agreed secret. `not-admitted`: there are
 * too many links at the moment.
 */
export type HandshakeFault = RejectionReason | 'small-order-key' | 'not-admitted' | 'handshake-over'

const SECRET_BYTES = 32
const INITIATOR_INFO = utf8('strategos link initiator')
const RESPONDER_INFO = utf8('strategos link responder')

/**
 * Creates the handshakes of one process. They accept any client's key; the replicated state decides which clients are
 * admitted.
 */
export function createLinkSecurity(options: LinkSecurityOptions): LinkSecurity {
  const { identity, replicaKeys } = options
  if (identity.kind === 'replica') {
    const listed = replicaKeys[identity.id]
    assert(
      listed !== undefined && equalBytes(listed, identity.signer.publicKey),
      `the cluster lists another key for replica ${identity.id}`,
    )
  }
  const helloMacs = helloMacsOf(options)
  return {
    initiate: (expected) => initiate(options, expected, helloMacs),
    respond: (admits = () => true) => respond(options, helloMacs, admits),
  }
}

function helloMacsOf({ suite, clusterId, identity, helloMacKeys }: LinkSecurityOptions): HelloMacs {
  if (identity.kind === 'client' || helloMacKeys === undefined) return NO_HELLO_MACS
  return createHelloMacs({ suite, clusterId, self: identity.id, keys: helloMacKeys })
}

function initiate(options: LinkSecurityOptions, expected: ReplicaId, helloMacs: HelloMacs): Handshake {
  const { suite, identity } = options
  const expectedKey = options.replicaKeys[expected]
  assert(expectedKey !== undefined, `the cluster has no replica ${expected}`)
  assert(identity.kind === 'client' || identity.id !== expected, 'a replica has no link to itself')
  const ends = createTranscriptSigner(options)
  const secret = options.entropy(SECRET_BYTES)
  const claims: Hello = {
    clusterId: options.clusterId,
    role: identity.kind,
    replicaId: identity.kind === 'replica' ? identity.id : 0,
    publicKey: identity.signer.publicKey,
    expected,
    nonce: options.entropy(NONCE_BYTES),
    ephemeralKey: suite.agreementPublicKey(secret),
  }
  const hello = encodeHello(claims, (payload) => helloMacs.tag(expected, payload))

  const onWelcome = (frame: Uint8Array): HandshakeStep => {
    const welcome = decodeWelcome(frame)
    if (isRejection(welcome)) return failed(welcome.reason)
    if (welcome.fields.replicaId !== expected) return failed('wrong-peer')
    const transcript = ends.transcript(hello.payload, welcome.payload)
    const { authentication: signature } = welcome
    if (!ends.verifies({ by: 'welcome', transcript, signature, publicKey: expectedKey })) {
      return failed('bad-signature')
    }
    const keys = agreedKeys(suite, { secret, peerKey: welcome.fields.ephemeralKey, transcript })
    if (keys === null) return failed('small-order-key')
    const peer: Peer = { kind: 'replica', id: expected }
    const link = createSecureLink(suite, { peer, sealKey: keys.initiator, openKey: keys.responder })
    return { kind: 'established', send: encodeProof(ends.sign('proof', transcript)).bytes, link }
  }

  return handshakeOf(hello.bytes, [onWelcome])
}

function respond(
  options: LinkSecurityOptions,
  helloMacs: HelloMacs,
  admits: (claim: Claim) => boolean,
): Handshake {
  const { suite, identity } = options
  assert(identity.kind === 'replica', 'only replicas take links')
  const ends = createTranscriptSigner(options)
  let awaited: { transcript: Uint8Array; hello: Hello; peer: Peer; keys: LinkKeys } | null = null

  const onHello = (frame: Uint8Array): HandshakeStep => {
    const hello = decodeHello(frame)
    if (isRejection(hello)) return failed(hello.reason)
    const fault = helloFault(hello.fields, options, identity.id)
    if (fault !== null) return failed(fault)
    const peer = peerOf(hello.fields)
    const isVouched =
      peer.kind === 'replica' && helloMacs.isGood(peer.id, hello.payload, hello.authentication)
    if (!admits({ peer, isVouched })) return failed('not-admitted')
    const isSound = peer.kind === 'replica' || suite.publicKeyFault(hello.fields.publicKey) === null
    if (!isSound) return failed('unknown-sender')
    const secret = options.entropy(SECRET_BYTES)
    const payload = welcomePayload({
      replicaId: identity.id,
      nonce: options.entropy(NONCE_BYTES),
      ephemeralKey: suite.agreementPublicKey(secret),
    })
    const transcript = ends.transcript(hello.payload, payload)
    const keys = agreedKeys(suite, { secret, peerKey: hello.fields.ephemeralKey, transcript })
    if (keys === null) return failed('small-order-key')
    awaited = { transcript, hello: hello.fields, peer, keys }
    return { kind: 'continue', send: encodeWelcome(payload, ends.sign('welcome', transcript)).bytes }
  }

  const onProof = (frame: Uint8Array): HandshakeStep => {
    assert(awaited !== null, 'a PROOF is due after a WELCOME only')
    const proof = decodeProof(frame)
    if (isRejection(proof)) return failed(proof.reason)
    const { transcript, hello, peer, keys } = awaited
    const { authentication: signature } = proof
    if (!ends.verifies({ by: 'proof', transcript, signature, publicKey: hello.publicKey })) {
      return failed('bad-signature')
    }
    const link = createSecureLink(suite, { peer, sealKey: keys.responder, openKey: keys.initiator })
    return { kind: 'established', send: null, link }
  }

  return handshakeOf(null, [onHello, onProof])
}

/** Returns the reason to refuse a HELLO, or null. A claimed id must come with the key that the cluster lists for it. */
function helloFault(hello: Hello, options: LinkSecurityOptions, self: ReplicaId): HandshakeFault | null {
  if (!equalBytes(hello.clusterId, options.clusterId)) return 'wrong-cluster'
  if (hello.expected !== self) return 'wrong-peer'
  if (hello.role === 'client') return null
  if (hello.replicaId === self) return 'wrong-peer'
  const listed = options.replicaKeys[hello.replicaId]
  return listed !== undefined && equalBytes(listed, hello.publicKey) ? null : 'unknown-sender'
}

function peerOf(hello: Hello): Peer {
  return hello.role === 'replica'
    ? { kind: 'replica', id: hello.replicaId as ReplicaId } // its key is listed under this id
    : { kind: 'client', id: toHex(hello.publicKey) as ClientId }
}

const failed = (reason: HandshakeFault): HandshakeStep => ({ kind: 'failed', reason })

/**
 * Creates a handshake that passes one frame to each step in turn. After a failure or the last step, every further frame
 * fails.
 */
function handshakeOf(
  opening: Uint8Array | null,
  steps: readonly ((frame: Uint8Array) => HandshakeStep)[],
): Handshake {
  let next = 0
  return {
    opening,
    receive: (frame) => {
      const step = steps[next++]
      if (step === undefined) return failed('handshake-over')
      const result = step(frame)
      if (result.kind === 'failed') next = steps.length
      return result
    },
  }
}

interface TranscriptSigner {
  /** H(HELLO's payload | WELCOME's payload), 32 bytes. */
  transcript(helloPayload: Uint8Array, payloadOfWelcome: Uint8Array): Uint8Array
  sign(as: 'welcome' | 'proof', transcript: Uint8Array): Uint8Array
  verifies(signed: {
    readonly by: 'welcome' | 'proof'
    readonly transcript: Uint8Array
    readonly signature: Uint8Array
    readonly publicKey: Uint8Array
  }): boolean
}

function createTranscriptSigner({ suite, clusterId, identity }: LinkSecurityOptions): TranscriptSigner {
  const signingDigest = createSigningDigest(suite.hash, clusterId)
  return {
    transcript: (hello, welcome) => suite.hash(transcriptOf(hello, welcome)),
    sign: (as, transcript) => identity.signer.sign(signingDigest(FRAME_KINDS[as], transcript)),
    verifies: ({ by, transcript, signature, publicKey }) =>
      suite.verify({ signature, digest: signingDigest(FRAME_KINDS[by], transcript), publicKey }),
  }
}

/** The keys of a link, 32 bytes for each direction, named after the sender. */
interface LinkKeys {
  readonly initiator: Uint8Array
  readonly responder: Uint8Array
}

/** Returns the keys of a link; null if the peer's ephemeral key has small order. Wipes the secret. */
function agreedKeys(
  suite: CryptoSuite,
  agreement: { readonly secret: Uint8Array; readonly peerKey: Uint8Array; readonly transcript: Uint8Array },
): LinkKeys | null {
  const shared = suite.agree(agreement.secret, agreement.peerKey)
  agreement.secret.fill(0)
  if (shared === null) return null
  const derive = (info: Uint8Array) => suite.deriveKey({ secret: shared, salt: agreement.transcript, info })
  const keys = { initiator: derive(INITIATOR_INFO), responder: derive(RESPONDER_INFO) }
  shared.fill(0)
  return keys
}

/**
 * Creates a link after its handshake. Tags are `mac(key, counter u64 | length u32 | envelope)`; the counter starts at 0
 * and counts the frames of one direction. The tag does not cover the body, which may have megabytes: its important
 * parts are signed, have their digest in the payload, or prove themselves. An attacker on the wire can drop the body of
 * a RECOLLECTION, but it could also drop all of it.
 */
function createSecureLink(
  suite: CryptoSuite,
  ends: { readonly peer: Peer; readonly sealKey: Uint8Array; readonly openKey: Uint8Array },
): SecureLink {
  const counter = new Uint8Array(8)
  const counterOf = (count: number): Uint8Array => {
    writeU64(counter, 0, count)
    return counter
  }
  let sealed = 0
  let opened = 0
  return {
    peer: ends.peer,
    seal: (frame) => {
      const covered = beforeBody(frame)
      assert(covered !== null, 'only whole frames are sealed')
      return suite.mac(ends.sealKey, counterOf(sealed++), covered)
    },
    opens: (frame, tag) => {
      const covered = beforeBody(frame)
      if (covered === null || tag.length !== LINK_TAG_BYTES) return false
      if (!suite.verifyMac(tag, ends.openKey, counterOf(opened), covered)) return false
      opened++
      return true
    },
  }
}

/** Returns the frame up to its body; null if its lengths exceed the frame. */
function beforeBody(frame: Uint8Array): Uint8Array | null {
  const payloadLengthAt = FRAME_LENGTH_BYTES + 1
  if (frame.length < payloadLengthAt + 2) return null
  const authenticationLengthAt = payloadLengthAt + 2 + readU16(frame, payloadLengthAt)
  if (frame.length < authenticationLengthAt + 2) return null
  const end = authenticationLengthAt + 2 + readU16(frame, authenticationLengthAt)
  return frame.length < end ? null : frame.subarray(0, end)
}
