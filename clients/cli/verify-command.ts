/** The command verify: it checks evidence with the cluster file alone. */
import { createReadStream } from 'node:fs'
import { OperatorError } from '../../src/base/operator-error.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import { createEvidenceVerifier } from '../../src/runtime/authentication/evidence-check.ts'
import { EvidenceFile } from '../api/evidence.ts'
import { type EvidenceJson, entryFault } from '../library/evidence-json.ts'
import { placeText } from '../library/evidence-text.ts'
import { whyNoEvidence } from '../library/no-evidence.ts'

/** The largest accepted file, far larger than all evidence that a cluster can hold. */
const FILE_BYTES_MAX = 4 * 1024 * 1024

export interface VerifyFlags {
  readonly cluster: string
  readonly json?: true
}

interface Checked {
  readonly entry: EvidenceJson
  /** Null if it is proved. */
  readonly fault: string | null
}

export async function verify(file: string, flags: VerifyFlags): Promise<void> {
  const cluster = readClusterFile(flags.cluster, suiteNamed)
  const whyNot = whyNoEvidence(cluster)
  if (whyNot !== null) throw new OperatorError(whyNot)
  const verifyOne = createEvidenceVerifier({ cluster, suite: suiteNamed(cluster.suite) })
  const entries = await readEvidence(file)
  const checked = entries.map((entry) => ({ entry, fault: entryFault(entry, verifyOne) }))
  console.log(flags.json ? JSON.stringify(verdictJson(checked), null, 2) : describe(checked))
  process.exitCode = checked.every(({ fault }) => fault === null) ? 0 : 1
}

/** Reads a file of evidence. Rejects with an `OperatorError` if it is not an answer of `/v1/evidence`. */
async function readEvidence(file: string): Promise<readonly EvidenceJson[]> {
  const name = file === '-' ? 'Standard input' : file
  const refuse = (why: string): never => {
    throw new OperatorError(`${name} cannot be used: ${why}.`)
  }
  const json = parseJson(await readBytes(file, refuse))
  if (json === undefined) return refuse('it is not JSON')
  const parsed = EvidenceFile.safeParse(json)
  if (parsed.success) return parsed.data.evidence
  const [issue] = parsed.error.issues
  const where = issue?.path.join('.') || 'top level'
  return refuse(`it is not an answer of /v1/evidence: at "${where}", ${issue?.message ?? 'unknown form'}`)
}

async function readBytes(file: string, refuse: (why: string) => never): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
      if (size > FILE_BYTES_MAX) refuse(`it is longer than ${FILE_BYTES_MAX} bytes`)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof OperatorError || code === undefined) throw error
    refuse(code === 'ENOENT' ? 'it does not exist' : `it cannot be read (${code})`)
  }
  return Buffer.concat(chunks)
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
