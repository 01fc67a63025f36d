/**
 * Keeps a second process from opening a log: two that append to one destroy it. The lock names its holder by process
 * id and, where the system tells them, by its start and the system's: after a restart another process may have the id.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { LogInUse } from './file-log-errors.ts'

export const LOCK_FILE = 'lock'

/** Takes the lock of a log's directory and gives the function that gives it back. Throws `LogInUse`. */
export function takeLogLock(directory: string): () => void {
  const path = `${directory}/${LOCK_FILE}`
  const own = identityOf(process.pid)
  if (!createLock(path, own)) {
    const found = readOrEmpty(path)
    if (isHeld(found)) throw inUse(directory, found)
    // Moved aside before it is judged again: another process may have taken the lock over meanwhile.
    const aside = `${path}.${process.pid}`
    renameSync(path, aside)
    const moved = readOrEmpty(aside)
    if (moved !== found) {
      renameSync(aside, path)
      throw inUse(directory, moved)
    }
    rmSync(aside)
    if (!createLock(path, own)) throw inUse(directory, readOrEmpty(path))
  }
  return () => rmSync(path, { force: true })
}

function inUse(directory: string, holder: string): LogInUse {
  return new LogInUse(
    `The log in ${directory} is in use by process ${holder.split(' ')[0]}; if that is another program, delete ` +
      `${directory}/${LOCK_FILE}.`,
  )
}

function createLock(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isHeld(lock: string): boolean {
  const id = Number.parseInt(lock, 10)
  if (!Number.isInteger(id) || id <= 0) return false
  try {
    process.kill(id, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = identityOf(id)
  // A system that tells only process ids leaves nothing else to compare.
  return lock === now || !now.includes(' ') || !lock.includes(' ')
}

/** `<id> <start of the process> <start of the system>`, or the id alone. */
function identityOf(id: number): string {
  const stat = readOrEmpty(`/proc/${id}/stat`)
  // Fields are counted behind the program's name, which may hold spaces and brackets.
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  const boot = readOrEmpty('/proc/sys/kernel/random/boot_id').trim()
  return stat === '' || start === undefined || boot === '' ? `${id}` : `${id} ${start} ${boot}`
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
