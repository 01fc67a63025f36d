/** Proofs that a command requested from a gateway: checked if the cluster file is available, and written to a file. */
import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { equalBytes } from '../../src/base/bytes.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import { encodeOperations } from '../../src/store/operations-writer.ts'
import { parsedJson } from '../library/answer-reader.ts'
import { challengedOperations } from '../verify/challenge.ts'
import type { ProofContext } from '../verify/proof-context.ts'
import { verifyRead } from '../verify/read-proof.ts'
import { verifyReceipt } from '../verify/receipt.ts'
import { expectOperations } from '../verify/receipt-question.ts'
import { verdictOf } from '../verify/refusal.ts'
import { type GatewayFlags, Refused } from './gateway-call.ts'
import { expectWritable } from './output-file.ts'

/** A receipt that a command requests. */
export interface WantedReceipt {
  /** The parameters of the call. */
  readonly query: { readonly receipt: 'true'; readonly challenge: string }
  /** Checks the answer's receipt of this operation, and writes it. Throws `Refused` for a false one. */
  keep(answer: Uint8Array, operation: Operation): void
}

/** Prepares a receipt in a file. */
export function wantedReceipt(file: string, flags: GatewayFlags): WantedReceipt {
  expectWritable(file)
  const challenge = Uint8Array.from(randomBytes(32))
  return {
    query: { receipt: 'true', challenge: Buffer.from(challenge).toString('hex') },
    keep(answer, operation) {
      const json = parsedJson(Buffer.from(answer).toString('utf8')) as { readonly receipt?: unknown } | null
      const receipt = json?.receipt
      if (receipt === undefined) {
        throw new OperatorError('The gateway gave no receipt; it may be of an older version.')
      }
      const context = contextOf(flags)
      if (context === null) {
        console.error('The receipt is not checked, because there is no cluster file: use "strategos verify".')
      } else {
        const asked = encodeOperations(challengedOperations(operation, challenge))
        const verdict = verifyReceipt(context, receipt)
        if (verdict.kind === 'refused') throw new Refused(`The receipt is false: ${verdict.because}.`)
        const fits = verdictOf(() => expectOperations(verdict.proved, asked))
        if (fits.kind === 'refused') throw new Refused(`The receipt is false: ${fits.because}.`)
      }
      writeFileSync(file, `${JSON.stringify(receipt, null, 2)}\n`)
    },
  }
}

/**
 * Checks a proof of this key, and writes it. Returns the value; null if the key does not exist. Throws `Refused` for a
 * false proof, and an `OperatorError` where there is no cluster file to check it with.
 */
export function keepProof(
  answer: Uint8Array,
  key: Uint8Array,
  { file, flags }: { readonly file: string; readonly flags: GatewayFlags },
): Uint8Array | null {
  expectWritable(file)
  const context = contextOf(flags)
  if (context === null) {
    throw new OperatorError(
      `There is no cluster file in ${flags.dir} to check the proof with; name it with --dir.`,
    )
  }
  const document = parsedJson(Buffer.from(answer).toString('utf8'))
  const verdict = verifyRead(context, document)
  if (verdict.kind === 'refused') throw new Refused(`The proof is false: ${verdict.because}.`)
  if (!equalBytes(verdict.proved.key, key)) throw new Refused('The proof is false: it is of another key.')
  writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`)
  return verdict.proved.value
}

/** Returns what proofs are checked with; null where the directory has no cluster file. */
function contextOf({ dir }: GatewayFlags): ProofContext | null {
  const path = clusterFile(dir)
  if (!existsSync(path)) return null
  const cluster = readClusterFile(path, suiteNamed)
  return { cluster, crypto: suiteNamed(cluster.suite) }
}
