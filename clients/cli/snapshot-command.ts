/** The commands snapshot save and snapshot status: the whole state of a certified checkpoint in a file. */
import { closeSync, createReadStream, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { OperatorError } from '../../src/base/operator-error.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import { reasonOf } from '../../src/io/system-error.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import type { getSnapshot } from '../api/read-proof.ts'
import { refusalIn } from '../verify/refusal.ts'
import { SnapshotReader, type SnapshotSaid } from '../verify/snapshot.ts'
import { verifySnapshot } from '../verify/snapshot-check.ts'
import { type GatewayFlags, openGateway, Refused, withGateway } from './gateway-call.ts'
import { expectWritable } from './output-file.ts'
import { snapshotText } from './proof-text.ts'

export interface SnapshotFlags {
  readonly cluster: string
  readonly json?: true
}

/** Saves a snapshot. It is checked as it comes, and stands under its name only once all of it is proved. */
export const saveSnapshot = (file: string, flags: GatewayFlags): Promise<void> =>
  withGateway(async () => {
    const cluster = readClusterFile(clusterFile(flags.dir), suiteNamed)
    expectWritable(file)
    const response = await openGateway<typeof getSnapshot>(flags, {
      method: 'GET',
      path: '/v1/snapshot',
      accept: 'application/octet-stream',
    })
    const beside = `${file}.part`
    const reader = new SnapshotReader({ cluster, crypto: suiteNamed(cluster.suite) })
    const target = openSync(beside, 'w')
    let says: SnapshotSaid
    try {
      for await (const chunk of response) {
        reader.take(chunk as Buffer)
        writeWhole(target, chunk as Buffer)
      }
      says = reader.finish()
      fsyncSync(target)
    } catch (error) {
      rmSync(beside, { force: true })
      throw failureOf(error, beside)
    } finally {
      closeSync(target)
    }
    renameSync(beside, file)
    console.log(flags.json ? JSON.stringify(says, null, 2) : snapshotText(says))
  })

/** Checks a snapshot file, and prints what it holds. */
export async function showSnapshot(file: string, flags: SnapshotFlags): Promise<void> {
  const cluster = readClusterFile(flags.cluster, suiteNamed)
  const chunks = file === '-' ? process.stdin : createReadStream(file)
  const isProved = await checkSnapshot(cluster, chunks, flags).catch((error: unknown) => {
    const reason = reasonOf(error)
    throw reason === null ? error : new OperatorError(`${file} cannot be read: ${reason}.`)
  })
  process.exitCode = isProved ? 0 : 1
}

/** Checks a snapshot, and prints the verdict. Returns true if it is proved. */
export async function checkSnapshot(
  cluster: Cluster,
  chunks: AsyncIterable<Uint8Array>,
  flags: Pick<SnapshotFlags, 'json'>,
): Promise<boolean> {
  const verdict = await verifySnapshot(cluster, chunks, suiteNamed(cluster.suite))
  const isProved = verdict.kind === 'proved'
  if (flags.json) {
    const facts = isProved
      ? { proof: 'snapshot', says: verdict.says }
      : { fault: verdict.fault, because: verdict.because }
    console.log(JSON.stringify({ proved: isProved, ...facts }, null, 2))
  } else console.log(isProved ? snapshotText(verdict.says) : `not proved: ${verdict.because}`)
  return isProved
}

function writeWhole(target: number, chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length; ) at += writeSync(target, chunk, at)
}

/** Returns the error of a save that failed: a false or interrupted snapshot, or a file that takes no more. */
function failureOf(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new Refused('The gateway ended the snapshot before its last page; nothing was saved.')
  }
  const reason = reasonOf(error)
  if (reason !== null) return new OperatorError(`${path} cannot be written: ${reason}.`)
  return new Refused(`The snapshot is false: ${refusalIn(error).because}. Nothing was saved.`)
}
