/** The command snapshot restore: a new cluster that begins with the state of a snapshot of another one. */
import { createReadStream, existsSync } from 'node:fs'
import { firstStateOf, storeFirstState } from '../../replicas/first-state.ts'
import { initCluster } from '../../replicas/init.ts'
import { assert } from '../../src/base/assert.ts'
import { equalBytes, toHex } from '../../src/base/bytes.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import { reasonOf } from '../../src/io/system-error.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import { TreeAssembly } from '../../src/tree/assembly.ts'
import type { TreeSnapshot } from '../../src/tree/snapshot.ts'
import { Tree } from '../../src/tree/tree.ts'
import { refusalIn } from '../verify/refusal.ts'
import { SnapshotReader, type SnapshotSaid } from '../verify/snapshot.ts'
import { Refused, withGateway } from './gateway-call.ts'
import { type InitFlags, initOptionsOf } from './init-command.ts'

export interface RestoreFlags extends InitFlags {
  /** The cluster file of the cluster that made the snapshot. */
  readonly cluster: string
  /** The replica to restore, in a cluster whose file is there. */
  readonly id?: number
}

interface Restored {
  readonly says: SnapshotSaid
  readonly state: TreeSnapshot
}

export const restoreSnapshot = (file: string, flags: RestoreFlags): Promise<void> =>
  withGateway(async () => {
    if (flags.id === undefined) await restoreCluster(file, flags)
    else await restoreReplica(file, flags, flags.id)
  })

/** Makes a new cluster, with the first state of each replica whose keys are made here. */
async function restoreCluster(file: string, flags: RestoreFlags): Promise<void> {
  const { dir: directory, replicas } = flags
  expectNoCluster(directory)
  const from = readClusterFile(flags.cluster, suiteNamed)
  const { says, state } = await readState(file, from)
  const cluster = await initCluster({
    ...initOptionsOf(flags),
    storeBytesMax: from.storeBytesMax,
    checkpointInterval: from.checkpointInterval,
    restoredFrom: state,
  })
  const facts = factsOf(cluster, says)
  if (flags.json) {
    console.log(JSON.stringify({ directory, n: replicas, ...facts }))
    return
  }
  console.log(`Made ${clusterFile(directory)} for ${replicas} replicas, cluster id ${facts.clusterId}.`)
  console.log(textOf(facts))
  console.log(
    flags.publicKeys === undefined
      ? `Start each with: strategos replica --dir ${directory} --id I`
      : `Copy it, ${file} and ${flags.cluster} to the machine of each replica, and there: strategos snapshot restore ${file} --cluster ${flags.cluster} --dir ${directory} --id I`,
  )
}

/** Stores the first state of one replica of a cluster that exists. */
async function restoreReplica(file: string, flags: RestoreFlags, id: number): Promise<void> {
  const { dir: directory } = flags
  const cluster = readClusterFile(clusterFile(directory), suiteNamed)
  const { restoredRoot } = cluster
  if (restoredRoot === undefined) {
    throw new OperatorError(
      `The cluster in ${directory} did not begin from a snapshot, so none is restored into it; leave out --id, and name a new directory.`,
    )
  }
  if (cluster.replicas[id] === undefined) {
    throw new OperatorError(
      `The cluster has replicas 0 to ${cluster.replicas.length - 1}; there is no replica ${id}.`,
    )
  }
  const { says, state } = await readState(file, readClusterFile(flags.cluster, suiteNamed))
  const first = firstStateOf(cluster, state)
  if (!equalBytes(first.root, restoredRoot)) {
    throw new OperatorError(
      `The cluster in ${directory} began with another snapshot: its first state has the root ${toHex(restoredRoot)}, and the one of ${file} has ${toHex(first.root)}.`,
    )
  }
  await storeFirstState(directory, id, first)
  const facts = factsOf(cluster, says)
  if (flags.json) console.log(JSON.stringify({ directory, id, ...facts }))
  else {
    console.log(`Restored replica ${id} in ${directory}.\n${textOf(facts)}`)
    console.log(`Start it with: strategos replica --dir ${directory} --id ${id}`)
  }
}

interface RestoredFacts {
  readonly clusterId: string
  /** The root of the first state. */
  readonly root: string
  readonly revision: number
  readonly keys: number
}

const factsOf = ({ clusterId, restoredRoot }: Cluster, { revision, keys }: SnapshotSaid): RestoredFacts => {
  assert(restoredRoot !== undefined, 'a cluster that was restored names the root of its first state')
  return { clusterId: toHex(clusterId), root: toHex(restoredRoot), revision, keys }
}

const textOf = ({ root, revision, keys }: RestoredFacts): string =>
  `It begins with ${keys} keys at revision ${revision}; the root of its first state is ${root}.`

/** Refuses a directory with a cluster before the snapshot is read, which may take long. */
function expectNoCluster(directory: string): void {
  const path = clusterFile(directory)
  if (!existsSync(path)) return
  throw new OperatorError(
    `${path} exists already; a cluster is never overwritten. Name a new directory with --dir, or with --id the replica of this cluster to restore.`,
  )
}

/** Reads a snapshot and checks every page of it. */
async function readState(file: string, cluster: Cluster): Promise<Restored> {
  const suite = suiteNamed(cluster.suite)
  let assembly: TreeAssembly | null = null
  const reader = new SnapshotReader({ cluster, crypto: suite }, (page) => {
    const hash = suite.hash(page)
    assembly ??= new TreeAssembly(suite.hash, new Tree(suite.hash).snapshot(), hash)
    // A page that the state has twice is missing only once.
    const [next] = assembly.missing(1)
    if (next !== undefined && equalBytes(next.hash, hash)) assembly.add(next, page)
  })
  const state = (): TreeSnapshot | null => assembly?.finish() ?? null
  try {
    const chunks = file === '-' ? process.stdin : createReadStream(file)
    for await (const chunk of chunks) reader.take(chunk as Buffer)
    const says = reader.finish()
    const whole = state()
    if (whole === null) throw new Refused('The pages of the snapshot are no tree.')
    return { says, state: whole }
  } catch (error) {
    if (error instanceof Refused) throw error
    const reason = reasonOf(error)
    if (reason !== null) throw new OperatorError(`${file} cannot be read: ${reason}.`)
    throw new Refused(`The snapshot is false: ${refusalIn(error).because}. Nothing was restored.`)
  }
}
