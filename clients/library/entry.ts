/** Keys and values as a caller gives them and gets them: bytes, and text where they are UTF-8. */
import { utf8 } from '../../src/base/bytes.ts'
import { leaseIdText, readLeaseId } from '../../src/store/lease-id.ts'
import type { KeyRevisions } from '../../src/store/result-fields.ts'

/** Bytes, or text that stands for its UTF-8. */
export type Bytes = string | Uint8Array

/** Returns the bytes of a text, or a plain view of bytes: `slice` of a Node.js buffer would not copy. */
export const bytesOf = (given: Bytes): Uint8Array =>
  typeof given === 'string' ? utf8(given) : new Uint8Array(given.buffer, given.byteOffset, given.length)

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

interface StoredEntry extends KeyRevisions {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly lease: Uint8Array
}

/** A key with its value, at some revision. */
export class Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** The revision that created the key. */
  readonly createRevision: number
  /** The revision that set its value. */
  readonly modRevision: number
  /** The number of writes since the key was created. */
  readonly version: number
  /** The id of the lease that the key ends with; null for none. */
  readonly lease: string | null

  constructor({ key, value, createRevision, modRevision, version, lease }: StoredEntry) {
    this.key = key.slice()
    this.value = value.slice()
    this.createRevision = createRevision
    this.modRevision = modRevision
    this.version = version
    const id = readLeaseId(lease, 0)
    this.lease = id === 0n ? null : leaseIdText(id)
  }

  /** The key as text. Throws a `TypeError` if it is not UTF-8. */
  get keyText(): string {
    return strictText.decode(this.key)
  }

  /** The value as text. Throws a `TypeError` if it is not UTF-8. */
  get text(): string {
    return strictText.decode(this.value)
  }
}

/** A change of a key. */
export class Change {
  readonly type: 'put' | 'delete'
  readonly key: Uint8Array
  /** The revision of the change. */
  readonly revision: number
  /** The entry that was put; null for a deletion. */
  readonly entry: Entry | null
  /** The entry before the change, if it was asked for; null if there was none, and if it is compacted. */
  readonly previous: Entry | null

  constructor(key: Uint8Array, revision: number, entries: Pick<Change, 'entry' | 'previous'>) {
    this.type = entries.entry === null ? 'delete' : 'put'
    this.key = key
    this.revision = revision
    this.entry = entries.entry
    this.previous = entries.previous
  }

  /** The key as text. Throws a `TypeError` if it is not UTF-8. */
  get keyText(): string {
    return strictText.decode(this.key)
  }
}
