/**
 * Reads a cluster directory and says what is wrong with it and which command mends it. It changes nothing, takes no lock
 * and opens no database: a process may be running in the directory meanwhile.
 */
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { equalBytes } from '../src/base/bytes.ts'
import { OperatorError } from '../src/base/operator-error.ts'
import { suiteNamed } from '../src/crypto/suites.ts'
import {
  clientKey,
  clientsDirectory,
  clientTimestamps,
  clusterFile,
  replicaDirectory,
  replicaKey,
  replicaLock,
  replicaLog,
} from '../src/io/cluster-directory.ts'
import { readClusterFile } from '../src/io/cluster-file.ts'
import { FILES_RESERVE, openFilesMax } from '../src/io/descriptors.ts'
import { LogCorrupt, LogLostSyncedData, LogMissing } from '../src/io/file-log-errors.ts'
import { scanLog } from '../src/io/file-log-scan.ts'
import { readKeyFile } from '../src/io/key-file.ts'
import type { Cluster } from '../src/messages/cluster.ts'

/** Something that is wrong: a sentence, and the command that mends it. */
export interface Finding {
  readonly path: string
  readonly problem: string
  readonly command: string
}

/** The parts of a directory that were looked at, and what is wrong with them. */
export interface Diagnosis {
  readonly looked: readonly string[]
  readonly findings: readonly Finding[]
}

/** A disk with less room than this is nearly full. */
const ROOM_BYTES_LEAST = 512 * 1024 * 1024
/** Descriptors that a process with many clients needs beside its files. */
const DESCRIPTORS_LEAST = 1_024 + FILES_RESERVE
const CERTIFICATE_DAYS_LEAST = 14
const DAY_MS = 86_400_000

/** Looks at a directory. Throws an `OperatorError` where there is none. */
export function diagnose(directory: string, now: number): Diagnosis {
  if (!existsSync(directory)) {
    throw new OperatorError(`${directory} does not exist: "strategos init --dir ${directory}" makes it.`)
  }
  const looked: string[] = []
  const findings: Finding[] = []
  const look = (what: string, found: readonly Finding[]): void => {
    looked.push(what)
    findings.push(...found)
  }
  look('disk and descriptors', [...diskFindings(directory), ...descriptorFindings(directory)])
  const cluster = clusterIn(directory, findings)
  if (cluster !== null) {
    looked.push('cluster.json')
    for (const { id } of cluster.replicas) {
      if (existsSync(replicaDirectory(directory, id))) {
        const holder = runningHolder(replicaLock(directory, id))
        const use = holder === null ? '' : ` (in use by process ${holder}; its log is not judged)`
        look(`replica ${id}${use}`, replicaFindings(directory, id, { cluster, isRunning: holder !== null }))
      }
    }
    for (const name of clientNames(directory))
      look(`client ${name}`, clientFindings(directory, name, cluster))
  }
  for (const path of certificatesIn(directory)) look(path, certificateFindings(path, directory, now))
  return { looked, findings }
}

function clusterIn(directory: string, findings: Finding[]): Cluster | null {
  const path = clusterFile(directory)
  try {
    return readClusterFile(path, suiteNamed)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    const problem = existsSync(path) ? sentence(error) : `There is no cluster file in ${directory}`
    findings.push({ path, problem, command: `cp cluster.json.of.another.machine ${path}` })
    return null
  }
}

function diskFindings(directory: string): readonly Finding[] {
  const { bavail, bsize } = statfsSync(directory)
  const free = bavail * bsize
  if (free >= ROOM_BYTES_LEAST) return []
  const problem = `The disk of ${directory} has ${Math.floor(free / 1024 ** 2)} MiB left, and a replica without room stops`
  return [{ path: directory, problem, command: `du -sh ${directory}/*` }]
}

function descriptorFindings(directory: string): readonly Finding[] {
  const most = openFilesMax()
  if (most >= DESCRIPTORS_LEAST) return []
  const problem = `A process may open ${most} files here, and one with many clients needs ${DESCRIPTORS_LEAST}`
  return [{ path: directory, problem, command: `ulimit -n ${DESCRIPTORS_LEAST}` }]
}

function replicaFindings(
  directory: string,
  id: number,
  { cluster, isRunning }: { readonly cluster: Cluster; readonly isRunning: boolean },
): readonly Finding[] {
  const path = replicaKey(directory, id)
  const expected = cluster.replicas[id]?.publicKey
  const ofKey = keyFindings(path, cluster, (publicKey) =>
    expected !== undefined && equalBytes(publicKey, expected)
      ? null
      : {
          problem: `The key in ${path} is not that of replica ${id} in cluster.json, so it belongs to another cluster or replica`,
          command: `strategos keygen --show --dir ${directory} --id ${id}`,
        },
  )
  // A log that is being written cannot be judged.
  return isRunning ? ofKey : [...ofKey, ...logFindings(directory, id)]
}

function logFindings(directory: string, id: number): readonly Finding[] {
  const path = replicaLog(directory, id)
  try {
    const { isTorn } = scanLog(path)
    if (!isTorn) return []
    const problem = `The log of replica ${id} ends in a record that a crash cut off; the next start clears it`
    return [{ path, problem, command: `strategos replica --dir ${directory} --id ${id}` }]
  } catch (error) {
    if (!isLoss(error)) throw error
    const problem = `${sentence(error)}; the replica has forgotten what it signed, and heals with the others' help when it starts`
    return [{ path, problem, command: `strategos replica --dir ${directory} --id ${id}` }]
  }
}

function clientFindings(directory: string, name: string, cluster: Cluster): readonly Finding[] {
  const path = clientKey(directory, name)
  const ofKey = keyFindings(path, cluster, (publicKey) =>
    cluster.clients.some((client) => equalBytes(client.publicKey, publicKey))
      ? null
      : {
          problem: `The key in ${path} belongs to no client in cluster.json`,
          command: `strategos keygen --show --dir ${directory} --client ${name}`,
        },
  )
  return [...ofKey, ...timestampFindings(`${clientTimestamps(directory, name)}.timestamps`, directory)]
}

/** A client that never asked has no file of timestamps, and one whose file is gone asks the replicas. */
function timestampFindings(path: string, directory: string): readonly Finding[] {
  if (!existsSync(path) || /^\d{1,16}$/.test(readFileSync(path, 'utf8').trim())) return []
  const problem = `The timestamps in ${path} are damaged, and guessing them could repeat a request, so the client needs a new key`
  return [{ path, problem, command: `strategos keygen --dir ${directory} --client NEW_NAME` }]
}

function keyFindings(
  path: string,
  { suite }: Cluster,
  judge: (publicKey: Uint8Array) => Pick<Finding, 'problem' | 'command'> | null,
): readonly Finding[] {
  if (!existsSync(path)) {
    return [
      { path, problem: `The secret key ${path} is missing`, command: `cp secret.key.of.the.backup ${path}` },
    ]
  }
  try {
    const { signingSeed } = readKeyFile(path)
    const found = judge(suiteNamed(suite).signer(signingSeed).publicKey)
    return found === null ? [] : [{ path, ...found }]
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    const isWide = (statSync(path).mode & 0o077) !== 0
    const command = isWide ? `chmod 600 ${path}` : `cp secret.key.of.the.backup ${path}`
    // What must be done is said by the command.
    return [{ path, problem: sentence(error).replace(/, so run: .*$/, ''), command }]
  }
}

function certificateFindings(path: string, directory: string, now: number): readonly Finding[] {
  const renew = `strategos certificate --dir ${directory}`
  try {
    const days = (Date.parse(new X509Certificate(readFileSync(path)).validTo) - now) / DAY_MS
    if (days >= CERTIFICATE_DAYS_LEAST) return []
    const when = days < 0 ? 'has expired' : `expires in ${Math.floor(days)} days`
    return [{ path, problem: `The certificate ${path} ${when}`, command: renew }]
  } catch {
    return [{ path, problem: `${path} holds no certificate in PEM`, command: renew }]
  }
}

const clientNames = (directory: string): readonly string[] =>
  namesIn(clientsDirectory(directory), '.key').map((name) => name.slice(0, -'.key'.length))

const certificatesIn = (directory: string): readonly string[] =>
  namesIn(join(directory, 'tls'), '.crt').map((name) => join(directory, 'tls', name))

const namesIn = (directory: string, end: string): readonly string[] =>
  existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => name.endsWith(end))
        .sort()
    : []

/** The process that the note beside a lock names, if it runs on this machine; the lock itself is not touched. */
function runningHolder(lock: string): number | null {
  try {
    const note = JSON.parse(readFileSync(join(lock, 'holder'), 'utf8')) as Record<string, unknown>
    if (note['host'] !== hostname() || typeof note['process'] !== 'number') return null
    // A note outlives the lock: this process may have made the directory.
    if (note['process'] === process.pid) return null
    process.kill(note['process'], 0)
    return note['process']
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 0 : null
  }
}

const isLoss = (error: unknown): error is OperatorError =>
  error instanceof LogMissing || error instanceof LogCorrupt || error instanceof LogLostSyncedData

/** The text of an error without its full stop. */
const sentence = ({ message }: Error): string => message.replace(/\.$/, '')
