/**
 * A proved read: the value of a key, or its absence, in the state of a checkpoint that Q replicas certified. It holds the
 * certificate, and the pages of the state's Merkle tree from the certified root to the place of the key, and to that of
 * the state's counters, which say how old the state is. One replica is enough to make it, and nobody need trust it.
 *
 * It proves what the state was, not that it still is so: a reader who must know that asks for a receipt of a read.
 * @rule 2.1 2.4
 */
import { concatBytes, readU64, toHex } from '../../src/base/bytes.ts'
import { EntryView, entryHeaderBytes } from '../../src/store/key-entry.ts'
import { KEY_BYTES_MAX } from '../../src/store/operations.ts'
import { COUNTERS_KEY, SECTIONS } from '../../src/store/state-keys.ts'
import { verifyProof } from '../../src/tree/verify-proof.ts'
import { keyName, keyOfName } from '../api/key-name.ts'
import { CERTIFICATE_BYTES_MAX, type CertifiedCheckpoint, readCertificate } from './checkpoint-certificate.ts'
import type { ProofContext } from './proof-context.ts'
import { bytesIn, type DocumentForm, expectSaid, openDocument } from './proof-document.ts'
import { refuse, type Verdict, verdictOf } from './refusal.ts'

export const READ_PROOF_FORM: DocumentForm = {
  kind: 'read-proof',
  members: ['key', 'certificate', 'counters', 'proof'],
}

/** The contents of a proved read in words. */
export interface ReadSaid {
  /** The name of the key. */
  readonly key: string
  readonly present: boolean
  readonly createRevision?: number
  readonly modRevision?: number
  readonly version?: number
  /** The lease of the key in hexadecimal, if it has one. */
  readonly lease?: string
  readonly valueBytes?: number
  /** The store's revision in this state. */
  readonly revision: number
  /** The sequence number of the checkpoint. */
  readonly sequence: number
  /** The executed time of the state, in milliseconds since 1970. */
  readonly time: number
  /** The replicas that certify it. */
  readonly replicas: readonly number[]
}

export interface ReadParts {
  readonly key: Uint8Array
  readonly certificate: Uint8Array
  /** The pages from the root to the counters. */
  readonly counters: Uint8Array
  /** The pages from the root to the key. */
  readonly proof: Uint8Array
}

export interface ProvedRead {
  readonly says: ReadSaid
  readonly key: Uint8Array
  /** The value; null if the key does not exist. */
  readonly value: Uint8Array | null
}

/** The bytes of a proof: the pages of a path, and the value's page. */
const PROOF_BYTES_MAX = 4 * 1024 * 1024
const COUNTERS_BYTES = 64

/** Returns the key of the tree under which the state has a key. */
export const keyInState = (key: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(SECTIONS.key), key)

/** Checks a proved read. Returns what it proves, or the reason why it proves nothing. Never throws. */
export function verifyRead(context: ProofContext, document: unknown): Verdict<ProvedRead> {
  return verdictOf(() => {
    const json = openDocument(context, READ_PROOF_FORM, document)
    const proved = readProvedBy(context, {
      key: bytesIn('key', json['key'], KEY_BYTES_MAX),
      certificate: bytesIn('certificate', json['certificate'], CERTIFICATE_BYTES_MAX),
      counters: bytesIn('counters', json['counters'], PROOF_BYTES_MAX),
      proof: bytesIn('proof', json['proof'], PROOF_BYTES_MAX),
    })
    expectSaid(json['says'], proved.says)
    return proved
  })
}

/** Returns what the bytes of a proved read prove. Refuses those that prove nothing. */
export function readProvedBy(context: ProofContext, parts: ReadParts): ProvedRead {
  const { key } = parts
  if (key.length === 0 || keyOfName(keyName(key)) === null) refuse('form', 'its "key" is empty')
  const checkpoint = readCertificate(context, parts.certificate)
  const counters = readStateCounters(context, checkpoint, parts.counters)
  const found = lookUp(context, checkpoint, { key: keyInState(key), proof: parts.proof, name: 'proof' })
  const entry = found === null ? null : entrySaid(found)
  const says: ReadSaid = {
    key: keyName(key),
    present: entry !== null,
    ...entry?.said,
    ...counters,
    sequence: checkpoint.sequence,
    replicas: checkpoint.replicas,
  }
  return { says, key, value: entry?.value ?? null }
}

/** Returns the revision and the time of a certified state. */
export function readStateCounters(
  context: ProofContext,
  checkpoint: CertifiedCheckpoint,
  proof: Uint8Array,
): { readonly revision: number; readonly time: number } {
  const record = lookUp(context, checkpoint, { key: COUNTERS_KEY, proof, name: 'counters' })
  if (record === null) return refuse('counters', 'its "counters" lead to no counters')
  return countersIn(record, checkpoint)
}

/** Reads the record of counters. Refuses that of another state. */
export function countersIn(
  record: Uint8Array,
  { sequence }: Pick<CertifiedCheckpoint, 'sequence'>,
): { readonly revision: number; readonly time: number } {
  if (record.length !== COUNTERS_BYTES) return refuse('counters', 'its counters break their layout')
  if (readU64(record, 0) !== sequence) refuse('counters', 'its counters are those of another state')
  return { revision: readU64(record, 24), time: readU64(record, 8) }
}

function lookUp(
  { crypto }: ProofContext,
  { root }: CertifiedCheckpoint,
  { key, proof, name }: { readonly key: Uint8Array; readonly proof: Uint8Array; readonly name: string },
): Uint8Array | null {
  const verdict = verifyProof(crypto.hash, { root, key, proof })
  switch (verdict.kind) {
    case 'present':
      return verdict.value
    case 'absent':
      return null
    case 'rejected':
      return verdict.fault === 'wrong-hash'
        ? refuse('path', `a page of its "${name}" is not the one that its parent, or the certificate, names`)
        : refuse('page', `a page of its "${name}" breaks its layout, or is one too many or too few`)
  }
}

function entrySaid(bytes: Uint8Array): { readonly said: Partial<ReadSaid>; readonly value: Uint8Array } {
  const entry = new EntryView().place(bytes, 0, bytes.length)
  if (bytes.length < entryHeaderBytes(0) || bytes.length < entryHeaderBytes(entry.depth)) {
    refuse('entry', 'the entry of its key breaks its layout')
  }
  const { createRevision, main: modRevision, version, value } = entry
  const lease = entry.hasLease ? { lease: toHex(entry.lease) } : {}
  return { said: { createRevision, modRevision, version, ...lease, valueBytes: value.length }, value }
}
