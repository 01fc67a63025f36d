/**
 * A lock file that names the process which holds it: by id and, where the system tells them, by its start and the
 * system's, because after a restart another process may have the id.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Takes the lock and gives the function that gives it back; throws what `inUse` makes of the holder's process id. */
export function takeProcessLock(path: string, inUse: (holder: string) => Error): () => void {
  const own = identityOf(process.pid)
  const refuse = (lock: string): Error => inUse(lock.split(' ')[0] ?? '')
  if (!createLock(path, own)) {
    const found = readOrEmpty(path)
    if (isHeld(found)) throw refuse(found)
    // Moved aside before it is judged again: another process may have taken the lock over meanwhile.
    const aside = `${path}.${process.pid}`
    renameSync(path, aside)
    const moved = readOrEmpty(aside)
    if (moved !== found) {
      renameSync(aside, path)
      throw refuse(moved)
    }
    rmSync(aside)
    if (!createLock(path, own)) throw refuse(readOrEmpty(path))
  }
  return () => rmSync(path, { force: true })
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
  if (isZombie(id)) return false // it was killed, its files are closed, and its parent has not yet asked for its end
  const now = identityOf(id)
  // A system that tells only process ids leaves nothing else to compare.
  return lock === now || !now.includes(' ') || !lock.includes(' ')
}

function isZombie(id: number): boolean {
  return statFields(id)[0] === 'Z'
}

/** The fields of /proc/<id>/stat behind the program's name, which may hold spaces and brackets. */
function statFields(id: number): readonly string[] {
  const stat = readOrEmpty(`/proc/${id}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** `<id> <start of the process> <start of the system>`, or the id alone. */
function identityOf(id: number): string {
  const start = statFields(id)[19]
  const boot = readOrEmpty('/proc/sys/kernel/random/boot_id').trim()
  return start === undefined || boot === '' ? `${id}` : `${id} ${start} ${boot}`
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
