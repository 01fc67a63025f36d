/**
 * The directories whose database this process has open, by what the system calls them, so that no path of the program
 * opens, reads or copies one of them a second time.
 *
 * LevelDB locks its directory with `fcntl`, and such a lock belongs to the process: when any descriptor of the LOCK file
 * is closed, the lock is gone, also when it is the descriptor of a second open that was refused, or of a copy. Another
 * process could then open the database, and synced writes of this one would be lost.
 *
 * The table belongs to one thread: databases and locks are opened in the main thread only.
 */
import { statSync } from 'node:fs'
import { assert } from '../base/assert.ts'

const open = new Set<string>()

/** Notes that a directory, which must exist, is opened; gives the function that notes its closing, or null if it is open. */
export function noteOpened(directory: string): (() => void) | null {
  const id = idOf(directory)
  assert(id !== null, `${directory} is opened and does not exist`)
  if (open.has(id)) return null
  open.add(id)
  return () => open.delete(id)
}

/** Throws an assertion where a directory that is open in this process is about to be read, copied, moved or removed. */
export function assertNotOpen(directory: string): void {
  const id = idOf(directory)
  assert(
    id === null || !open.has(id),
    `${directory} is open in this process and would be touched beside that`,
  )
}

/** A directory has one identity under all of its names; null where there is none. */
function idOf(directory: string): string | null {
  const found = statSync(directory, { throwIfNoEntry: false, bigint: true })
  return found === undefined ? null : `${found.dev}:${found.ino}`
}
