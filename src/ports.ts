/**
 * The ports: what the runtime needs of the outside, as types. `io/` implements them on a machine, `simulator/`
 * virtually.
 */
import type { Allowance } from './base/allowance.ts'
import type { Hash } from './base/hash.ts'
import type { ClientId, Milliseconds, ReplicaId, Sequence, Timestamp } from './base/ids.ts'
import type { Peer } from './base/peer.ts'
import type { BatchExecution } from './base/request-outcome.ts'
import type { LastUse, RequestName, RequestStanding } from './base/request-standing.ts'
import type { Batch } from './messages/message.ts'

export type { Peer } from './base/peer.ts'

export type SuiteName = 'sodium' | 'noble' | 'simulated'

/** Why a public key is not taken into a cluster. */
export type PublicKeyFault = 'wrong-length' | 'not-canonical' | 'not-on-curve' | 'small-order'

/** Signs digests with one secret key. */
export interface Signer {
  readonly publicKey: Uint8Array
  /** A signature of 64 bytes over a digest of 32. The same input gives the same signature. */
  sign(digest: Uint8Array): Uint8Array
}

/** One set of cryptographic functions; fixed for a cluster, because two libraries may judge one signature differently. */
export interface CryptoSuite {
  readonly name: SuiteName
  readonly hash: Hash
  /** The signer of a 32-byte Ed25519 seed. */
  signer(seed: Uint8Array): Signer
  /** False for anything that is no valid signature, of any length; never throws. */
  verify(signed: {
    readonly signature: Uint8Array
    readonly digest: Uint8Array
    readonly publicKey: Uint8Array
  }): boolean
  /** Signatures that are checked at most before sockets and timers have their turn: some ten milliseconds. */
  readonly checksPerTurn: number
  /** The first fault of an Ed25519 public key, or null. */
  publicKeyFault(publicKey: Uint8Array): PublicKeyFault | null
  /** A 16-byte MAC: keyed BLAKE2b over the concatenation of the parts. The key has 32 bytes. */
  mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array
  /**
   * True if the tag is this MAC. False for a tag of another length; its time tells nothing of where a wrong one
   * differs.
   */
  verifyMac(tag: Uint8Array, key: Uint8Array, ...parts: readonly Uint8Array[]): boolean
  /** The X25519 public key of a 32-byte secret. */
  agreementPublicKey(secret: Uint8Array): Uint8Array
  /** The X25519 shared secret, or null where the public key has small order. */
  agree(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | null
  /** HKDF-SHA-256, 32 bytes. */
  deriveKey(material: {
    readonly secret: Uint8Array
    readonly salt: Uint8Array
    readonly info: Uint8Array
  }): Uint8Array
}

/** Unpredictable bytes. Used for keys and nonces of links, never by the protocol. */
export type Entropy = (size: number) => Uint8Array

export interface Clock {
  now(): Milliseconds
  /** Calls `run` every `interval` milliseconds until the returned function is called. */
  every(interval: number, run: () => void): () => void
  /** Calls `run` soon, after what is running now. */
  defer(run: () => void): void
}

export interface TransportHandler {
  /** A whole frame with its length field. False asks the transport to hold this peer until `resume`. */
  onFrame(from: Peer, frame: Uint8Array): boolean
  /** A link to this peer is up. */
  onLink(peer: Peer): void
}

export interface Transport {
  start(handler: TransportHandler): void
  /** Queues a frame. False when there is no link or its queue is full: the frame is dropped, as a link may. */
  send(to: Peer, frame: Uint8Array): boolean
  /** Hands what was queued to the network; called once at the end of a turn. */
  flush(): void
  /** Takes frames from this peer again. */
  resume(peer: Peer): void
  /** The replicas to which a link is up. */
  reachable(): readonly ReplicaId[]
  /** The bytes that came over the link to this peer since it is up; null where no link is. */
  received(peer: Peer): number | null
  /**
   * Ends the link to this peer because it is dead. The end that made it makes the next one; what was sent on the old one
   * and did not arrive before the new one is up never arrives.
   */
  end(peer: Peer): void
}

/** The position of a record in the log; opaque to everyone but the log. */
export type LogPosition = number

/** An append-only log of records. A failure to persist halts the process: it is never reported to the caller. */
export interface Log {
  append(record: Uint8Array): LogPosition
  /** Calls `done` when everything appended so far is on disk. One sync at a time is in flight; others wait for it. */
  sync(done: () => void): void
  /**
   * Records in front of this position are no longer needed; whole segments of them may be deleted, some time after the
   * next sync.
   */
  trim(before: LogPosition): void
  /** Reads a record back; null when it is gone. */
  read(position: LogPosition, done: (record: Uint8Array | null) => void): void
}

/** Reads a log from its first record; the order of records is the order of appending. */
export interface LogReplay {
  readonly log: Log
  /**
   * The beginning of the log: its birth; cut, because records before the first were trimmed; or anew after a loss.
   */
  readonly beginning: 'birth' | 'cut' | 'amnesia'
  readonly records: Iterable<{ readonly position: LogPosition; readonly record: Uint8Array }>
}

/** The path to a page in a tree: the number of the child at each level, from the root down; empty for the root. */
export type PagePath = readonly number[]

/** A page of a tree and its place there. */
export interface PageReference {
  readonly path: PagePath
  /** SHA-256 of the page's bytes. */
  readonly hash: Uint8Array
}

/** A page's bytes under their hash. */
export interface Page {
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
}

/** The replicated state after one batch, frozen; the live state goes on without it. */
export interface Snapshot {
  /**
   * Hashes pages that have no hash yet, about `bytesMax` bytes at most. Returns the root once all are hashed, else null.
   */
  hashSome(bytesMax: number): Uint8Array | null
  /** The page at the end of a path, once the root is known; null where there is none. */
  page(path: PagePath): Uint8Array | null
  /**
   * The pages to write and those that may be deleted when this is to be stored in place of `base`. Found while it is
   * gone through, each of the two once; what it gives are views of the two snapshots.
   */
  changesSince(base: Snapshot | null): {
    readonly added: Iterable<Page>
    readonly removed: Iterable<Uint8Array>
  }
  /** Nothing is asked of it from now on, and no view that it gave is read any more: its memory serves again. */
  release(): void
}

export type PageVerdict = 'taken' | 'wrong-hash' | 'malformed' | 'not-missing'

/** A state that is put together from its pages, each checked against its parent. */
export interface Assembly {
  /** Returns at most `countMax` pages that are still missing, in a fixed order; it does not mark them as requested. */
  missing(countMax: number): readonly PageReference[]
  /** Takes a copy of a page's bytes, from any source. */
  add(reference: PageReference, bytes: Uint8Array): PageVerdict
  /** Aims at another root and keeps every page that it has in common with what was gathered. */
  retarget(root: Uint8Array): void
  /** The state, once nothing is missing; else null. */
  finish(): Snapshot | null
}

/** Which state the page store holds whole, and what makes it one to trust. */
export interface Anchor {
  readonly sequence: Sequence
  readonly root: Uint8Array
  /** Q CHECKPOINT envelopes. */
  readonly certificate: Uint8Array
}

/** Pages by their hash. A failure to write halts the process: it is never reported to the caller. */
export interface PageStore {
  /** The last committed one; null in a new store, or where it was lost. */
  readonly anchor: Anchor | null
  /** A page's bytes, checked against the hash; null where they are missing or damaged. */
  read(hash: Uint8Array): Uint8Array | null
  /** Writes pages beside what is there. */
  write(pages: readonly Page[], done: () => void): void
  /** Makes all that was written durable and then this anchor; deletes the removed pages after that. */
  commit(anchor: Anchor, removed: readonly Uint8Array[], done: () => void): void
  /**
   * Deletes every page that is not among `keep`, also one that was written before this call; then gives their count.
   * For the pages of states that were never committed or whose deletion a crash cut short.
   */
  collect(keep: Iterable<Uint8Array>, done: (deleted: number) => void): void
}

/**
 * The replicated application: deterministic, and the only holder of what later execution depends on. What it says of its
 * state is as it was after the last whole batch, also while one is being executed.
 */
export interface Application {
  /**
   * Executes a decided batch, each (client, timestamp) once. Until it ends nothing else is begun, frozen or assembled;
   * `restore` gives it up, and it does not go on then.
   */
  begin(sequence: Sequence, batch: Batch, allowance: Allowance): BatchExecution
  standing(request: RequestName): RequestStanding
  /** The highest timestamps of a client that were used. */
  lastUse(client: ClientId): LastUse
  /** The kept results of an executed request, or null when they are no longer kept. */
  results(client: ClientId, timestamp: Timestamp): Uint8Array | null
  /**
   * Executes reads on the state after the last executed batch, without ordering. Null where they cannot be answered so,
   * or exceed the allowance.
   */
  read(client: ClientId, operations: Uint8Array, allowance: Allowance): Uint8Array | null
  /** True if a client may read every key, and so the pages of the state. */
  mayReadState(client: ClientId): boolean
  readonly revision: number
  /**
   * The executed time at which the next lease ends; 0 if it is reached already and the next batch ends a lease; null while
   * no lease runs.
   */
  readonly nextExpiry: Milliseconds | null
  /** The state after the last executed batch, frozen. */
  snapshot(): Snapshot
  /** Begins to put together the state with this root; pages that the live state shares with it are taken from there. */
  assemble(root: Uint8Array): Assembly
  /** Makes a finished assembly the live state. */
  restore(snapshot: Snapshot): void
  /** The state's root, all hashed at once; equal on replicas that executed the same batches. */
  fingerprint(): Uint8Array
}

/** The transcript-signing handshake of one link, from either end; frames in and out, no socket. */
export interface Handshake {
  /** The first frame to send, if this end begins. */
  readonly opening: Uint8Array | null
  receive(frame: Uint8Array): HandshakeStep
}

export type HandshakeStep =
  | { readonly kind: 'continue'; readonly send: Uint8Array }
  | { readonly kind: 'established'; readonly send: Uint8Array | null; readonly link: SecureLink }
  | { readonly kind: 'failed'; readonly reason: string }

/** An established link: every frame gets a tag over a counter, so that none is forged, replayed or reordered. */
export interface SecureLink {
  readonly peer: Peer
  /** The tag to send behind a frame. */
  seal(frame: Uint8Array): Uint8Array
  /** True if the tag belongs to the frame that is next in order. */
  opens(frame: Uint8Array, tag: Uint8Array): boolean
}

/** The identity that the peer claims; not yet authenticated. */
export interface Claim {
  readonly peer: Peer
  /** True if it showed what only this peer can make; proved is nothing yet. */
  readonly isVouched: boolean
}

/** Begins handshakes with this process's own identity. */
export interface LinkSecurity {
  initiate(expected: ReplicaId): Handshake
  /** A handshake whose other end is not admitted fails before anything is computed for it. */
  respond(admits?: (claim: Claim) => boolean): Handshake
}
