/** The command verify: it checks evidence, snapshots and other proofs with the cluster file alone. */
import { createReadStream } from 'node:fs'
import { concatBytes } from '../../src/base/bytes.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import { createEvidenceVerifier } from '../../src/runtime/authentication/evidence-check.ts'
import { EvidenceFile } from '../api/evidence.ts'
import { type EvidenceJson, entryFault } from '../library/evidence-json.ts'
import { placeText } from '../library/evidence-text.ts'
import { verify as verifyProof } from '../verify/index.ts'
import { whyNoEvidence } from '../verify/no-evidence.ts'
import { documentKind } from '../verify/proof-document.ts'
import { isSnapshot, SNAPSHOT_MARK_BYTES } from '../verify/snapshot.ts'
import { proofText } from './proof-text.ts'
import { checkSnapshot } from './snapshot-command.ts'

/** The largest accepted file but for snapshots, far larger than all evidence and the largest receipt of a cluster. */
const FILE_BYTES_MAX = 16 * 1024 * 1024

export interface VerifyFlags {
  readonly cluster: string
  readonly json?: true
}

interface Checked {
  readonly entry: EvidenceJson
  /** Null if it is proved. */
  readonly fault: string | null
}

/** Ends the command: the file cannot be used. */
type Refuse = (why: string) => never

export async function verify(file: string, flags: VerifyFlags): Promise<void> {
  const cluster = readClusterFile(flags.cluster, suiteNamed)
  const whyNot = whyNoEvidence(cluster)
  if (whyNot !== null) throw new OperatorError(whyNot)
  const name = file === '-' ? 'Standard input' : file
  const refuseFile: Refuse = (why) => {
    throw new OperatorError(`${name} cannot be used: ${why}.`)
  }
  const chunks = chunksOf(file, refuseFile)
  const first = await firstBytes(chunks)
  const isProved = isSnapshot(first)
    ? await checkSnapshot(cluster, joined(first, chunks), flags)
    : verifyJson(cluster, parseJson(await allBytes(joined(first, chunks), refuseFile)), flags, refuseFile)
  process.exitCode = isProved ? 0 : 1
}

/** Checks evidence, a receipt or another proof. Returns true if it is proved. */
function verifyJson(cluster: Cluster, json: unknown, flags: VerifyFlags, refuseFile: Refuse): boolean {
  if (json === undefined) return refuseFile('it is neither JSON nor a snapshot')
  return documentKind(json) === null
    ? verifyEvidence(cluster, evidenceIn(json, refuseFile), flags)
    : verifyDocument(cluster, json, flags)
}

/** Checks every entry, and prints the verdicts. Returns true if all are proved. */
function verifyEvidence(cluster: Cluster, entries: readonly EvidenceJson[], flags: VerifyFlags): boolean {
  const verifyOne = createEvidenceVerifier({ cluster, suite: suiteNamed(cluster.suite) })
  const checked = entries.map((entry) => ({ entry, fault: entryFault(entry, verifyOne) }))
  console.log(flags.json ? JSON.stringify(verdictJson(checked), null, 2) : describe(checked))
  return checked.every(({ fault }) => fault === null)
}

/** Checks a receipt or another proof that names its kind, and prints the verdict. Returns true if it is proved. */
function verifyDocument(cluster: Cluster, json: unknown, flags: VerifyFlags): boolean {
  const verdict = verifyProof(cluster, json)
  const isProved = verdict.kind === 'proved'
  if (flags.json) {
    const facts = isProved
      ? { proof: verdict.proved.kind, says: verdict.proved.says }
      : { fault: verdict.fault, because: verdict.because }
    console.log(JSON.stringify({ proved: isProved, ...facts }, null, 2))
  } else {
    console.log(isProved ? proofText(verdict.proved) : `not proved: ${verdict.because}`)
  }
  return isProved
}

/** Returns the entries of evidence; refuses what is not what `/v1/evidence` answers. */
function evidenceIn(json: unknown, refuseFile: Refuse): readonly EvidenceJson[] {
  const parsed = EvidenceFile.safeParse(json)
  if (parsed.success) return parsed.data.evidence
  const [issue] = parsed.error.issues
  const where = issue?.path.join('.') || 'top level'
  return refuseFile(
    `it is neither a proof nor an answer of /v1/evidence: at "${where}", ${issue?.message ?? 'unknown form'}`,
  )
}

/** Yields the bytes of a file as they come. */
async function* chunksOf(file: string, refuse: Refuse): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) yield chunk as Buffer
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof OperatorError || code === undefined) throw error
    refuse(code === 'ENOENT' ? 'it does not exist' : `it cannot be read (${code})`)
  }
}

/** Returns the first bytes, by which a snapshot is known; fewer if there are no more. */
async function firstBytes(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  let first: Uint8Array = new Uint8Array(0)
  while (first.length < SNAPSHOT_MARK_BYTES) {
    const next = await chunks.next()
    if (next.done === true) break
    first = concatBytes(first, next.value)
  }
  return first
}

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}

async function allBytes(chunks: AsyncIterable<Uint8Array>, refuse: Refuse): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    all.push(chunk)
    size += chunk.length
    if (size > FILE_BYTES_MAX) refuse(`it is longer than ${FILE_BYTES_MAX} bytes`)
  }
  return Buffer.concat(all)
}

/** Parses JSON; returns undefined for other bytes. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

function describe(checked: readonly Checked[]): string {
  if (checked.length === 0) return 'The file contains no evidence.'
  return checked
    .map(({ entry, fault }, index) =>
      fault === null
        ? `${index}: true: replica ${entry.guilty} signed ${placeText(entry)}`
        : `${index}: not proved: ${fault}`,
    )
    .join('\n')
}

function verdictJson(checked: readonly Checked[]): object {
  return {
    proved: checked.every(({ fault }) => fault === null),
    evidence: checked.map(({ entry: { guilty, kind, view, sequence }, fault }) => ({
      guilty,
      kind,
      view,
      sequence,
      proved: fault === null,
      because: fault,
    })),
  }
}
