/**
 * A receipt: proof that the replicas executed a request, in the order of all requests, and of what it gave. It holds the
 * client's signed REQUEST with its operations, the results, and the REPLYs of W replicas, each with the signature of one
 * root over all replies of its batch and the path from this request's leaf to that root. At least one of W replicas is
 * correct, and a correct one signs only what it executed. Where reads are not ordered, Q are needed, so that every later
 * read meets one of them.
 * @rule 1.7 5.1
 */
import { equalBytes, readU16, readU64, toHex } from '../../src/base/bytes.ts'
import { DIGEST_BYTES } from '../../src/base/hash.ts'
import type { Timestamp } from '../../src/base/ids.ts'
import { faultsMax, quorum, weakQuorum } from '../../src/base/quorum.ts'
import { createSigningDigest, type Frame, splitFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import {
  PUBLIC_KEY_BYTES,
  REQUEST_BYTES_MAX,
  RESULT_BYTES_MAX,
  SESSION_NONCE_BYTES,
} from '../../src/messages/limits.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { REPLY_PATH_STEPS_MAX, type ReplyLeaf, replyRoot } from '../../src/messages/reply-tree.ts'
import type { Result } from '../../src/store/results.ts'
import { type ProofContext, signatureCheck } from './proof-context.ts'
import { byteListIn, bytesIn, type DocumentForm, expectSaid, openDocument } from './proof-document.ts'
import { refuse, type Verdict, verdictOf } from './refusal.ts'
import { type OperationSaid, type ResultSaid, readExecuted, resultSaid } from './request-claims.ts'
import { readPayload } from './signed-payload.ts'

export const RECEIPT_FORM: DocumentForm = { kind: 'receipt', members: ['request', 'results', 'replies'] }

/** The receipt's contents in words. */
export interface ReceiptSaid {
  /** The public key of the client that signed the request, in hexadecimal. */
  readonly client: string
  readonly timestamp: number
  readonly requestDigest: string
  /** The sequence number at or before which the request was executed. */
  readonly sequence: number
  /** The replicas that signed. */
  readonly replicas: readonly number[]
  readonly operations: readonly OperationSaid[]
  readonly results: readonly ResultSaid[]
}

/** The signed bytes of a receipt. */
export interface ReceiptParts {
  /** The REQUEST's frame. */
  readonly request: Uint8Array
  readonly results: Uint8Array
  /** The REPLYs' frames, without results. */
  readonly replies: readonly Uint8Array[]
}

export interface ProvedReceipt {
  readonly says: ReceiptSaid
  /** The operations in the layout of requests. */
  readonly operations: Uint8Array
  readonly results: readonly Result[]
}

/** Bytes of a REPLY's frame without results, with its longest path. */
const REPLY_BYTES_MAX = 1024

/** Returns the number of replicas that must have signed. */
export const repliesNeeded = ({ replicas, reads }: ProofContext['cluster']): number =>
  reads === 'unordered' ? quorum(replicas.length) : weakQuorum(replicas.length)

/** Checks a receipt. Returns what it proves, or the reason why it proves nothing. Never throws, for any document. */
export function verifyReceipt(context: ProofContext, document: unknown): Verdict<ProvedReceipt> {
  return verdictOf(() => {
    const json = openDocument(context, RECEIPT_FORM, document)
    const proved = provedBy(context, {
      request: bytesIn('request', json['request'], REQUEST_BYTES_MAX + 4),
      results: bytesIn('results', json['results'], RESULT_BYTES_MAX),
      replies: byteListIn('replies', json['replies'], {
        items: context.cluster.replicas.length,
        bytes: REPLY_BYTES_MAX,
      }),
    })
    expectSaid(json['says'], proved.says)
    return proved
  })
}

/** Returns what the bytes of a receipt prove. Refuses those that prove nothing. */
export function provedBy(context: ProofContext, { request, results, replies }: ReceiptParts): ProvedReceipt {
  const { cluster, crypto } = context
  const asked = readRequest(context, request)
  const { operations, results: given } = readExecuted(asked.operations, results)
  const leaf: ReplyLeaf = { ...asked, resultDigest: crypto.hash(results) }
  const signed = replies.map((reply, index) => readReply(context, reply, { leaf, where: `reply ${index}` }))
  const senders = signed.map(({ sender }) => sender)
  const repeated = senders.find((sender, index) => senders.indexOf(sender) < index)
  if (repeated !== undefined) refuse('reply-repeated', `two of its replies are of replica ${repeated}`)
  const needed = repliesNeeded(cluster)
  if (signed.length < needed) {
    refuse('too-few-replies', `it has replies of ${signed.length} replicas, and ${needed} are needed`)
  }
  const { publicKey, timestamp, requestDigest } = asked
  const says: ReceiptSaid = {
    client: toHex(publicKey),
    timestamp,
    requestDigest: toHex(requestDigest),
    sequence: sequenceBound(signed, cluster.replicas.length),
    replicas: senders,
    operations,
    results: given.map(resultSaid),
  }
  return { says, operations: asked.operations, results: given }
}

interface SignedReply {
  readonly sender: number
  readonly sequence: number
}

/**
 * Returns the sequence number at or before which a correct replica executed the request: at most f of those that signed
 * are faulty, and a correct one never signs a lower number than that of the execution. It signs a higher one where it
 * was asked again.
 */
function sequenceBound(signed: readonly SignedReply[], n: number): number {
  const falling = signed.map(({ sequence }) => sequence).sort((a, b) => b - a)
  return falling[falling.length - faultsMax(n) - 1] as number
}

type AskedRequest = Omit<ReplyLeaf, 'resultDigest'> & { readonly operations: Uint8Array }

function readRequest(context: ProofContext, bytes: Uint8Array): AskedRequest {
  const { cluster, crypto } = context
  const frame = frameOf(bytes)
  if (frame?.kind !== FRAME_KINDS.request) return refuse('request', 'its request is no REQUEST')
  const shape = [PUBLIC_KEY_BYTES, SESSION_NONCE_BYTES, 'integer', 'integer', DIGEST_BYTES] as const
  const items = readPayload(frame.payload, shape)
  if (items === null) return refuse('request', 'the payload of its request breaks its layout')
  const [publicKey, session, timestamp, , digest] = items as [
    Uint8Array,
    Uint8Array,
    Timestamp,
    number,
    Uint8Array,
  ]
  if (!equalBytes(crypto.hash(frame.body), digest)) {
    refuse('request', 'the operations of its request are not those that the client signed')
  }
  if (!signatureCheck(context)(frame, publicKey)) {
    refuse('request-signature', 'its request is not signed by the client that it names')
  }
  const requestDigest = createSigningDigest(crypto.hash, cluster.clusterId)(frame.kind, frame.payload)
  return { publicKey, session, timestamp, requestDigest, operations: frame.body }
}

function readReply(
  context: ProofContext,
  bytes: Uint8Array,
  { leaf, where }: { readonly leaf: ReplyLeaf; readonly where: string },
): SignedReply {
  const frame = frameOf(bytes)
  if (frame?.kind !== FRAME_KINDS.reply) return refuse('reply', `its ${where} is no REPLY`)
  const items = readPayload(frame.payload, ['integer', 'integer', 'integer', DIGEST_BYTES])
  if (items === null) return refuse('reply', `the payload of its ${where} breaks its layout`)
  const [sender, , sequence, root] = items as [number, number, number, Uint8Array]
  const publicKey = context.cluster.replicas[sender]?.publicKey
  if (publicKey === undefined) {
    return refuse('reply', `its ${where} names replica ${sender}, which the cluster does not have`)
  }
  if (!signatureCheck(context)(frame, publicKey)) {
    refuse('reply-signature', `its ${where} is not signed by replica ${sender}, which it names`)
  }
  const computed = rootOf(context, frame.body, { leaf, where })
  if (!equalBytes(computed, root)) {
    refuse('path', `the path of its ${where} does not lead to the root that replica ${sender} signed`)
  }
  return { sender, sequence }
}

const SESSION_AT = PUBLIC_KEY_BYTES
const TIMESTAMP_AT = SESSION_AT + SESSION_NONCE_BYTES
const REQUEST_AT = TIMESTAMP_AT + 8
const RESULT_AT = REQUEST_AT + DIGEST_BYTES
const INDEX_AT = RESULT_AT + DIGEST_BYTES
const PATH_AT = INDEX_AT + 5

/** Returns the root to which a reply's body leads. Refuses a body whose leaf is that of another request or result. */
function rootOf(
  { crypto }: ProofContext,
  body: Uint8Array,
  { leaf, where }: { readonly leaf: ReplyLeaf; readonly where: string },
): Uint8Array {
  const steps = body[PATH_AT - 1] ?? REPLY_PATH_STEPS_MAX + 1
  const end = PATH_AT + steps * DIGEST_BYTES
  if (steps > REPLY_PATH_STEPS_MAX || body.length !== end + 1 || body[end] !== 0) {
    return refuse('reply', `the body of its ${where} breaks its layout`)
  }
  const isOf = (from: number, to: number, expected: Uint8Array) =>
    equalBytes(body.subarray(from, to), expected)
  const isSameRequest =
    isOf(0, SESSION_AT, leaf.publicKey) &&
    isOf(SESSION_AT, TIMESTAMP_AT, leaf.session) &&
    readU64(body, TIMESTAMP_AT) === leaf.timestamp &&
    isOf(REQUEST_AT, RESULT_AT, leaf.requestDigest)
  if (!isSameRequest) refuse('reply', `its ${where} answers another request`)
  if (!isOf(RESULT_AT, INDEX_AT, leaf.resultDigest)) refuse('results', `its ${where} is about other results`)
  const place = {
    index: readU16(body, INDEX_AT),
    count: readU16(body, INDEX_AT + 2),
    path: Array.from({ length: steps }, (_, step) =>
      body.subarray(PATH_AT + step * DIGEST_BYTES, PATH_AT + (step + 1) * DIGEST_BYTES),
    ),
  }
  return (
    replyRoot(crypto.hash, leaf, place) ?? refuse('path', `the path of its ${where} does not fit its place`)
  )
}

function frameOf(bytes: Uint8Array): Frame | null {
  const frame = splitFrame(bytes)
  return isRejection(frame) ? null : frame
}
