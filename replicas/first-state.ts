/** The first state of a cluster that began from a snapshot of another one: each replica has it on its disk before it starts. */
import { existsSync } from 'node:fs'
import { equalBytes, toHex } from '../src/base/bytes.ts'
import type { Sequence } from '../src/base/ids.ts'
import { OperatorError } from '../src/base/operator-error.ts'
import { suiteNamed } from '../src/crypto/suites.ts'
import { replicaDirectory, replicaState } from '../src/io/cluster-directory.ts'
import { batchesOf, openLevelPageStore } from '../src/io/level-page-store.ts'
import { type ClusterFacts, storeParametersOf } from '../src/messages/cluster.ts'
import type { Page } from '../src/ports.ts'
import { restoredState } from '../src/store/first-state.ts'
import type { TreeSnapshot } from '../src/tree/snapshot.ts'
import { lockReplica, type ReplicaStorage } from './replica-storage.ts'

const NO_CERTIFICATE = Uint8Array.of(0)

export interface FirstState {
  readonly snapshot: TreeSnapshot
  readonly root: Uint8Array
}

/** Returns the first state of a cluster that is made of the state of another one. */
export function firstStateOf(cluster: ClusterFacts, state: TreeSnapshot): FirstState {
  const snapshot = restoredState(suiteNamed(cluster.suite).hash, state, storeParametersOf(cluster))
  return { snapshot, root: snapshot.hashAll() }
}

/** Stores the first state of one replica. Throws an `OperatorError` if the replica has a state already. */
export async function storeFirstState(directory: string, id: number, state: FirstState): Promise<void> {
  const folder = replicaDirectory(directory, id)
  if (!existsSync(folder)) {
    throw new OperatorError(
      `${folder} does not exist; make the keys of the replica first: strategos keygen --dir ${directory} --id ${id}`,
    )
  }
  const lock = await lockReplica(directory, id)
  try {
    let hasFailed: (error: Error) => void = () => {}
    const failure = new Promise<never>((_, reject) => {
      hasFailed = reject
    })
    failure.catch(() => {}) // The race below reports it, unless everything is written already.
    const options = { lock, onFailure: hasFailed, onDamage: () => {} }
    const pages = await openLevelPageStore(replicaState(directory, id), options)
    try {
      if (pages.anchor !== null) {
        throw new OperatorError(`Replica ${id} in ${folder} has a state already; nothing is overwritten.`)
      }
      const write = (some: readonly Page[]) => new Promise<void>((done) => pages.write(some, done))
      for (const some of batchesOf(state.snapshot.changesSince(null).added))
        await Promise.race([write(some), failure])
      const anchor = { sequence: 0 as Sequence, root: state.root, certificate: NO_CERTIFICATE }
      await Promise.race([new Promise<void>((done) => pages.commit(anchor, [], done)), failure])
    } finally {
      await pages.close()
    }
  } finally {
    await lock.release()
  }
}

/**
 * Throws an `OperatorError` if the replica lacks the state that its cluster began with, or has another one. A replica that
 * lost its disk may lack it: it fetches a later state from the others.
 */
export function expectFirstState(
  { restoredRoot }: Pick<ClusterFacts, 'restoredRoot'>,
  { log, pages }: ReplicaStorage,
  { directory, id }: { readonly directory: string; readonly id: number },
): void {
  const { anchor } = pages
  const command = `strategos snapshot restore FILE --cluster OLD-CLUSTER-FILE --dir ${directory} --id ${id}`
  if (restoredRoot !== undefined && anchor === null && log.beginning === 'birth') {
    throw new OperatorError(
      `Replica ${id} in ${directory} has no state yet, because its cluster began from a snapshot: ${command}`,
    )
  }
  if (anchor?.sequence !== 0 || (restoredRoot !== undefined && equalBytes(anchor.root, restoredRoot))) return
  throw new OperatorError(
    `Replica ${id} in ${directory} has the first state of another cluster, with the root ${toHex(anchor.root)}. Remove ${replicaState(directory, id)}, and make its own: ${command}`,
  )
}
