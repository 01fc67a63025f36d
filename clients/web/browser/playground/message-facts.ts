/** A frame as a person reads it: its kind, where it stands in the protocol, its digest, and who vouches for it. */
import { toHex } from '../../../../src/base/bytes.ts'
import type { Cluster } from '../../../../src/messages/cluster.ts'
import { decodeMessage } from '../../../../src/messages/decode.ts'
import { createSigningDigest, kindIn } from '../../../../src/messages/frame.ts'
import { factsOf } from '../../../../src/messages/kinds.ts'
import { isRejection } from '../../../../src/messages/rejection.ts'
import type { CryptoSuite, Peer } from '../../../../src/ports.ts'
import { isBetweenReplicas, messagePhrase } from '../../../../src/simulator/trace/message-phrases.ts'
import type { Phrase } from '../../../../src/simulator/trace/phrase.ts'

export interface MessageFacts {
  readonly kind: string
  readonly view: number | null
  readonly sequence: number | null
  /** Its first bytes, in hexadecimal digits. */
  readonly digest: string | null
  /** The author, and the proof of it. */
  readonly signer: string
  readonly bytes: number
  /** The message in words, with the rule that it follows; null for one that no rule of the replicas governs. */
  readonly phrase: Phrase | null
  /** Null for a message; a sentence for bytes that are none. */
  readonly flaw: string | null
}

/** A node in words. */
export function peerName(peer: Peer, cluster: Cluster): string {
  if (peer.kind === 'replica') return `replica ${peer.id}`
  const index = cluster.clients.findIndex(({ id }) => id === peer.id)
  return index < 0 ? 'a client' : `client ${index}`
}

const numberIn = (message: object, name: string): number | null => {
  const value = (message as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'number' ? value : null
}

function digestIn(message: object): string | null {
  const { digest, root, batch } = message as {
    readonly digest?: unknown
    readonly root?: unknown
    readonly batch?: { readonly digest?: unknown }
  }
  const found = [batch?.digest, digest, root].find((value) => value instanceof Uint8Array)
  return found instanceof Uint8Array ? toHex(found.subarray(0, 4)) : null
}

/** Reads frames of one cluster. */
export function messageReader(
  cluster: Cluster,
  { hash }: CryptoSuite,
): (frame: Uint8Array, from: Peer) => MessageFacts {
  const signingDigest = createSigningDigest(hash, cluster.clusterId)
  return (frame, from) => {
    const kind = kindIn(frame)
    const nothing = { view: null, sequence: null, digest: null, bytes: frame.length, phrase: null }
    const sender = peerName(from, cluster)
    if (kind === null) return { kind: 'unknown', ...nothing, signer: sender, flaw: 'It is of no known kind.' }
    const message = decodeMessage(frame, { hash, signingDigest })
    if (isRejection(message)) {
      return { kind, ...nothing, signer: sender, flaw: `A correct replica refuses it: ${message.reason}.` }
    }
    return {
      kind,
      view: numberIn(message, 'view'),
      sequence: numberIn(message, 'sequence'),
      digest: digestIn(message),
      signer: `${authorOf(message, from, cluster)}${proofOf(kind, cluster)}`,
      bytes: frame.length,
      phrase: isBetweenReplicas(message)
        ? messagePhrase(message, (id) => peerName({ kind: 'client', id }, cluster))
        : null,
      flaw: null,
    }
  }
}

function authorOf(message: object, from: Peer, cluster: Cluster): string {
  const { sender, client } = message as { readonly sender?: unknown; readonly client?: unknown }
  if (typeof sender === 'number') return `replica ${sender}`
  const author = cluster.clients.findIndex(({ id }) => id === client)
  return author < 0 ? peerName(from, cluster) : `client ${author}`
}

/** The proof of a message's origin, by its kind and the cluster's mode. */
function proofOf(kind: Parameters<typeof factsOf>[0], { mode, requests }: Cluster): string {
  const { vouched, author } = factsOf(kind)
  if (vouched === 'shown') return ', with the signed messages that it shows'
  if (vouched !== 'author') return ', vouched for by its link'
  const isOral = mode === 'oral' && (author !== 'client' || requests === 'oral')
  return isOral ? ', by a MAC for each receiver' : ', by its signature'
}
