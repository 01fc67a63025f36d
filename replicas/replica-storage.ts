/** The files of a replica: its folder under lock, the log, and the pages of stored states. */
import { OperatorError } from '../src/base/operator-error.ts'
import { replicaDirectory, replicaLock, replicaLog, replicaState } from '../src/io/cluster-directory.ts'
import { type DirectoryLock, takeDirectoryLock } from '../src/io/directory-lock.ts'
import { type FileLogReplay, openFileLog, restartFileLogAfterLoss } from '../src/io/file-log.ts'
import { LogCorrupt, LogLostSyncedData, LogMissing } from '../src/io/file-log-errors.ts'
import { type LevelPageStore, openLevelPageStore } from '../src/io/level-page-store.ts'

/** The error if another process uses a replica's folder. */
export class ReplicaInUse extends OperatorError {
  override readonly name = 'ReplicaInUse'
}

export interface ReplicaStorage {
  readonly log: FileLogReplay
  readonly pages: LevelPageStore
  /** Closes the log and the pages; the caller still holds the lock. */
  close(): Promise<void>
}

export interface ReplicaStorageOptions {
  readonly lock: DirectoryLock
  /** Called when the disk failed: the process must end. */
  readonly onFailure: (error: Error) => void
  /** Called with a sentence when data on the disk is lost; the replica recovers it from the others. */
  readonly onLoss: (message: string) => void
}

/**
 * Takes the lock of a replica's folder. It must be held before anything in the folder is read, written, moved or
 * removed.
 */
export function lockReplica(directory: string, id: number): Promise<DirectoryLock> {
  return takeDirectoryLock(replicaLock(directory, id), (holder) => {
    const folder = replicaDirectory(directory, id)
    return new ReplicaInUse(`Replica ${id} in ${folder} is in use by ${holder}; stop that process first.`)
  })
}

/**
 * Opens the log and the pages. A missing or damaged log is set aside, and a new one records the loss: the replica is
 * then amnesiac, and recovers with the help of the others (rule 6.4).
 */
export async function openReplicaStorage(
  directory: string,
  id: number,
  options: ReplicaStorageOptions,
): Promise<ReplicaStorage> {
  const log = await openLogWhateverItLost(replicaLog(directory, id), options)
  try {
    const pages = await openLevelPageStore(replicaState(directory, id), {
      lock: options.lock,
      onFailure: options.onFailure,
      onDamage: ({ message }) => options.onLoss(message),
    })
    return {
      log,
      pages,
      close: async () => {
        await pages.close()
        await log.log.close()
      },
    }
  } catch (error) {
    await log.log.close()
    throw error
  }
}

async function openLogWhateverItLost(
  directory: string,
  { lock, onFailure, onLoss }: ReplicaStorageOptions,
): Promise<FileLogReplay> {
  try {
    return await openFileLog(directory, { lock, onFailure })
  } catch (error) {
    if (!isLoss(error)) throw error
    onLoss(`${error.message} This replica no longer knows what it signed: it recovers before it votes again.`)
    await restartFileLogAfterLoss(directory, { lock })
    return openFileLog(directory, { lock, onFailure })
  }
}

/** True if the replica can recover from it; a log in use or an unreadable disk needs the operator. */
const isLoss = (error: unknown): error is OperatorError =>
  error instanceof LogMissing || error instanceof LogCorrupt || error instanceof LogLostSyncedData
