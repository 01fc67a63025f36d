/** Mistakes of the verifier: each check that it leaves out lets a forgery through. */
import { type Mutant, UNSEEN } from './mutant.ts'

const receipt = (
  name: string,
  { within, search, replacement }: Pick<Mutant, 'within' | 'search' | 'replacement'>,
  test: string,
): Mutant => ({
  name,
  rule: '1.7',
  within,
  search,
  replacement,
  paper: { file: 'verify/receipts.test.ts', test, why: UNSEEN.notRun },
})

const read = (
  name: string,
  { within, search, replacement }: Pick<Mutant, 'within' | 'search' | 'replacement'>,
  test: string,
): Mutant => ({
  name,
  rule: '2.1',
  within,
  search,
  replacement,
  paper: { file: 'verify/proved-reads.test.ts', test, why: UNSEEN.notRun },
})

const snapshot = (
  name: string,
  { within, search, replacement }: Pick<Mutant, 'within' | 'search' | 'replacement'>,
  test: string,
): Mutant => ({
  name,
  rule: '2.5',
  within,
  search,
  replacement,
  paper: { file: 'verify/snapshots.test.ts', test, why: UNSEEN.notRun },
})

export const PROOF_MUTANTS: readonly Mutant[] = [
  read(
    'a certificate needs one replica less',
    {
      within: 'readCertificate',
      search: 'signed.length < needed',
      replacement: 'signed.length < needed - 1',
    },
    'a certificate of f + 1 replicas',
  ),
  read(
    'a replica that certifies twice counts twice',
    { within: 'readCertificate', search: 'repeated !== undefined', replacement: 'false' },
    'one replica twice',
  ),
  read(
    'a certificate may be of several checkpoints',
    { within: 'readCertificate', search: '!isSame', replacement: 'false' },
    'two roots in one certificate',
  ),
  read(
    'a checkpoint may be anywhere',
    {
      within: 'readCertificate',
      search: 'sequence === 0 || sequence % checkpointInterval !== 0',
      replacement: 'false',
    },
    'a checkpoint at 0',
  ),
  read(
    'a CHECKPOINT needs no good signature',
    {
      within: 'readCheckpoint',
      search: '!signatureCheck(context)(frame, publicKey)',
      replacement: 'false',
    },
    'a bit of a signature',
  ),
  read(
    'a message of any kind certifies',
    {
      within: 'readCheckpoint',
      search: 'frame.kind !== FRAME_KINDS.checkpoint',
      replacement: 'false',
    },
    'a message of another kind',
  ),
  read(
    'the counters may be of another state',
    { within: 'countersIn', search: 'readU64(record, 0) !== sequence', replacement: 'false' },
    'another checkpoint with this root',
  ),
  read(
    'the words of a proved read are believed',
    { within: 'verifyRead', search: "expectSaid(json['says'], proved.says);", replacement: '' },
    'the other answer in words',
  ),
  snapshot(
    'a page need not be the one that its parent names',
    { within: 'SnapshotReader.#readPage', search: '!equalBytes', replacement: 'false && !equalBytes' },
    'a bit of the last page',
  ),
  snapshot(
    'a snapshot may end early',
    {
      within: 'SnapshotReader.finish',
      search: '|| this.#expected.length > 0',
      replacement: '',
    },
    'no last page',
  ),
  snapshot(
    'a snapshot may go on behind its last page',
    { within: 'SnapshotReader.take', search: 'this.#expected.length === 0', replacement: 'false' },
    'a page behind the end',
  ),
  snapshot(
    'bytes behind a snapshot are passed over',
    { within: 'SnapshotReader.finish', search: 'this.#held.length > 0', replacement: 'false' },
    'a byte behind the end',
  ),
  snapshot(
    'a snapshot of another cluster is taken',
    {
      within: 'SnapshotReader.#readHead',
      search: '!equalBytes(held.subarray(CLUSTER_AT, CLUSTER_AT + 32), this.#context.cluster.clusterId)',
      replacement: 'false',
    },
    'another cluster',
  ),
  receipt(
    'a receipt needs one reply less',
    { within: 'provedBy', search: 'signed.length < needed', replacement: 'signed.length < needed - 1' },
    'a reply too few',
  ),
  receipt(
    'a replica that signed twice counts twice',
    { within: 'provedBy', search: 'repeated !== undefined', replacement: 'false' },
    'one replica twice',
  ),
  receipt(
    'a reply needs no good signature',
    {
      within: 'readReply',
      search: '!signatureCheck(context)(frame, publicKey)',
      replacement: 'false',
    },
    'a reply in the name of another replica',
  ),
  receipt(
    'a path may lead to any root',
    { within: 'readReply', search: '!equalBytes(computed, root)', replacement: 'false' },
    'a path to another root',
  ),
  receipt(
    'a reply to another request counts',
    { within: 'rootOf', search: 'if (!isSameRequest)', replacement: 'if (false)' },
    'a reply to another session',
  ),
  receipt(
    'a reply about other results counts',
    {
      within: 'rootOf',
      search: '!isOf(RESULT_AT, INDEX_AT, leaf.resultDigest)',
      replacement: 'false',
    },
    'a reply about other results',
  ),
  receipt(
    'the client need not have signed the request',
    {
      within: 'readRequest',
      search: '!signatureCheck(context)(frame, publicKey)',
      replacement: 'false',
    },
    'another signature of the client',
  ),
  receipt(
    'the operations need not be those that the client signed',
    {
      within: 'readRequest',
      search: '!equalBytes(crypto.hash(frame.body), digest)',
      replacement: 'false',
    },
    'operations that the client did not sign',
  ),
  receipt(
    'the words of a receipt are believed',
    { within: 'verifyReceipt', search: "expectSaid(json['says'], proved.says);", replacement: '' },
    'another operation in words',
  ),
  receipt(
    'a receipt of another cluster is taken',
    {
      within: 'openDocument',
      search: '!equalBytes(clusterId, context.cluster.clusterId)',
      replacement: 'false',
    },
    'another cluster',
  ),
  receipt(
    'a document of any version is taken',
    { within: 'openDocument', search: "json['version'] !== DOCUMENT_VERSION", replacement: 'false' },
    'a later version',
  ),
  receipt(
    'a member that the form does not have is passed over',
    { within: 'openDocument', search: 'other !== undefined', replacement: 'false' },
    'a member too many',
  ),
  receipt(
    'a reader takes a receipt of another question',
    { within: 'expectOperations', search: '!equalBytes(operations, asked)', replacement: 'false' },
    'a reader who drew a challenge',
  ),
  receipt(
    'W replicas are enough where reads are not ordered',
    {
      within: 'repliesNeeded',
      search: "reads === 'unordered' ? quorum(replicas.length)",
      replacement: "reads === 'unordered' ? weakQuorum(replicas.length)",
    },
    'needs Q replicas where reads are not ordered',
  ),
  receipt(
    'the highest of many sequence numbers bounds that of the execution',
    {
      within: 'sequenceBound',
      search: 'falling[falling.length - faultsMax(n) - 1]',
      replacement: 'falling[0]',
    },
    'a higher one, beside f + 1 others',
  ),
]
