/**
 * A snapshot file: the whole state of a checkpoint, and the certificate of its root. Big-endian.
 *
 *   snapshot = "strategos snapshot" | version u8 | cluster id 32 | certificate length u16 | certificate | (length u32 | page) *
 *
 * The pages stand in the order of a walk from the root: each page before those that it names, and these in their order.
 * So a reader knows the hash of each page before it comes, checks it at once, and keeps no more than the hashes of the
 * pages that are still to come on the way down. A file that ends early or goes on behind the last page is refused.
 * @rule 2.4 2.5
 */
import {
  concatBytes,
  equalBytes,
  readU16,
  readU32,
  toHex,
  utf8,
  writeU16,
  writeU32,
} from '../../src/base/bytes.ts'
import { COUNTERS_KEY, SECTIONS } from '../../src/store/state-keys.ts'
import { PAGE_BYTES_MAX } from '../../src/tree/layout.ts'
import { entriesOf, type PageReference, referencesOf } from '../../src/tree/page-references.ts'
import { CERTIFICATE_BYTES_MAX, type CertifiedCheckpoint, readCertificate } from './checkpoint-certificate.ts'
import { expectSignatures, type ProofContext } from './proof-context.ts'
import { countersIn } from './read-proof.ts'
import { refuse } from './refusal.ts'

const MARK = utf8('strategos snapshot')
/** The number of first bytes by which a file is known as a snapshot. */
export const SNAPSHOT_MARK_BYTES = MARK.length
export const SNAPSHOT_VERSION = 1
const VERSION_AT = MARK.length
const CLUSTER_AT = VERSION_AT + 1
const CERTIFICATE_AT = CLUSTER_AT + 34

/** The bytes by which a file is known as a snapshot. */
export const isSnapshot = (bytes: Uint8Array): boolean => equalBytes(bytes.subarray(0, MARK.length), MARK)

/** Returns the beginning of a snapshot file, before its pages. */
export function snapshotHead(clusterId: Uint8Array, certificate: Uint8Array): Uint8Array {
  const length = new Uint8Array(2)
  writeU16(length, 0, certificate.length)
  return concatBytes(MARK, Uint8Array.of(SNAPSHOT_VERSION), clusterId, length, certificate)
}

/** Returns a page as a snapshot file has it. */
export function snapshotPage(page: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  writeU32(length, 0, page.length)
  return concatBytes(length, page)
}

type ExpectedPage = Pick<PageReference, 'hash' | 'isValue'>

/** The contents of a snapshot in words. */
export interface SnapshotSaid {
  readonly revision: number
  /** The number of keys. */
  readonly keys: number
  /** The bytes of the file. */
  readonly bytes: number
  /** The root of the state, in hexadecimal. */
  readonly root: string
  readonly sequence: number
  /** The executed time of the state, in milliseconds since 1970. */
  readonly time: number
  /** The replicas that certify it. */
  readonly replicas: readonly number[]
}

/**
 * Checks a snapshot as its bytes come. `take` throws at the first byte that proves wrong, in a form that `refusalIn`
 * turns into a verdict.
 */
export class SnapshotReader {
  readonly #context: ProofContext
  readonly #onPage: (page: Uint8Array) => void
  #held = new Uint8Array(0)
  #bytes = 0
  #checkpoint: CertifiedCheckpoint | null = null
  /** The pages that are still to come, the next one last. */
  readonly #expected: ExpectedPage[] = []
  #keys = 0
  #counters: { readonly revision: number; readonly time: number } | null = null

  /** `onPage` is given each page once it is checked. */
  constructor(context: ProofContext, onPage: (page: Uint8Array) => void = () => {}) {
    this.#context = context
    this.#onPage = onPage
  }

  take(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    this.#held = concatBytes(this.#held, chunk) as Uint8Array<ArrayBuffer>
    let at = this.#checkpoint === null ? this.#readHead() : 0
    if (this.#checkpoint === null) return
    while (this.#held.length - at >= 4) {
      const length = readU32(this.#held, at)
      if (this.#expected.length === 0) refuse('trailing-bytes', 'it goes on behind its last page')
      if (length > PAGE_BYTES_MAX) refuse('page', 'a page of it is longer than pages are')
      if (this.#held.length - at - 4 < length) break
      this.#readPage(this.#held.slice(at + 4, at + 4 + length))
      at += 4 + length
    }
    this.#held = this.#held.slice(at)
  }

  /** Returns what the snapshot holds, once all of it was taken. */
  finish(): SnapshotSaid {
    const checkpoint = this.#checkpoint
    if (checkpoint === null || this.#expected.length > 0)
      return refuse('truncated', 'it ends before its last page')
    if (this.#held.length > 0) refuse('trailing-bytes', 'it goes on behind its last page')
    if (this.#counters === null) return refuse('counters', 'it has no counters')
    const { sequence, root, replicas } = checkpoint
    return {
      ...this.#counters,
      keys: this.#keys,
      bytes: this.#bytes,
      root: toHex(root),
      sequence,
      replicas,
    }
  }

  /** Reads the beginning, once all of it is there. Returns the offset of the first page. */
  #readHead(): number {
    const held = this.#held
    const isMarked =
      isSnapshot(held) || (held.length < MARK.length && equalBytes(held, MARK.subarray(0, held.length)))
    if (!isMarked) refuse('form', 'it does not begin as a snapshot does')
    if (held.length > VERSION_AT && held[VERSION_AT] !== SNAPSHOT_VERSION) {
      refuse('version', `it is of version ${held[VERSION_AT]}, and this program knows ${SNAPSHOT_VERSION}`)
    }
    if (held.length < CERTIFICATE_AT) return 0
    expectSignatures(this.#context)
    if (!equalBytes(held.subarray(CLUSTER_AT, CLUSTER_AT + 32), this.#context.cluster.clusterId)) {
      refuse('other-cluster', 'it is of another cluster')
    }
    const length = readU16(held, CERTIFICATE_AT - 2)
    if (length > CERTIFICATE_BYTES_MAX) refuse('certificate', 'its certificate is too long')
    if (held.length < CERTIFICATE_AT + length) return 0
    this.#checkpoint = readCertificate(this.#context, held.subarray(CERTIFICATE_AT, CERTIFICATE_AT + length))
    this.#expected.push({ hash: this.#checkpoint.root, isValue: false })
    return CERTIFICATE_AT + length
  }

  #readPage(page: Uint8Array): void {
    const { hash, isValue } = this.#expected.pop() as ExpectedPage
    if (!equalBytes(this.#context.crypto.hash(page), hash)) {
      refuse('path', 'a page of it is not the one that its parent, or the certificate, names')
    }
    if (!isValue) {
      const references = referencesOf(page)
      if (references === null) return refuse('page', 'a page of it breaks its layout')
      for (const reference of [...references].reverse()) this.#expected.push(reference)
      this.#count(page)
    }
    this.#onPage(page)
  }

  /** Counts the keys in a leaf, and reads the counters where they are. */
  #count(page: Uint8Array): void {
    if (page[0] !== 0) return
    for (const { key, placed } of entriesOf(page) ?? []) {
      if (key[0] === SECTIONS.key) this.#keys++
      if (equalBytes(key, COUNTERS_KEY)) {
        this.#counters = countersIn(placed, this.#checkpoint as CertifiedCheckpoint)
      }
    }
  }
}
