/** The lock of a cluster's directory: one process at a time runs all of the cluster. */
import { OperatorError } from '../src/base/operator-error.ts'
import { clusterLock } from '../src/io/cluster-directory.ts'
import { type DirectoryLock, takeDirectoryLock } from '../src/io/directory-lock.ts'

/** The error if another process runs the cluster. */
export class ClusterInUse extends OperatorError {
  override readonly name = 'ClusterInUse'
}

/** Takes the lock in an existing directory. Single replicas and gateways have their own locks and do not need it. */
export function lockCluster(directory: string): Promise<DirectoryLock> {
  return takeDirectoryLock(
    clusterLock(directory),
    (holder) =>
      new ClusterInUse(
        `The cluster in ${directory} is in use by ${holder}; stop that process or choose another --dir.`,
      ),
  )
}
