/** Other processes for tests of locks: ones that hold a lock, and ones that ask whether they could. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const LOCK_MODULE = join(ROOT, 'dist/src/io/directory-lock.js')

const HOLD = `
  const { takeDirectoryLock } = await import(${JSON.stringify(LOCK_MODULE)})
  const lock = await takeDirectoryLock(process.argv[1], (holder) => new Error('in use by ' + holder)).catch((error) => {
    process.stdout.write(error.message + '\\n')
    process.exit(2)
  })
  process.stdout.write('held\\n')
  setInterval(() => {}, 1000)
`
const OPEN = `
  const { ClassicLevel } = await import('classic-level')
  new ClassicLevel(process.argv[1]).open().then(
    () => process.exit(0),
    (error) => process.exit(error.cause.code === 'LEVEL_LOCKED' ? 3 : 4),
  )
`

/** The prefix of a command line that runs it in its own process and mount namespaces. */
export const OWN_NAMESPACES: readonly string[] = [
  ...['unshare', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc', '--'],
]

/** True if this user and system can make such namespaces. */
export const hasNamespaces = (): boolean => {
  const [command = '', ...args] = OWN_NAMESPACES
  return spawnSync(command, [...args, 'true']).status === 0
}

export interface Asker {
  readonly child: ChildProcess
  /** `held`, or why it was refused. */
  readonly said: Promise<string>
  /** Ends it as a lost machine would. */
  kill(): Promise<void>
}

/** Starts a process that takes a lock and keeps it, or says why it could not. */
export function askElsewhere(path: string, before: readonly string[] = []): Asker {
  const [command = '', ...args] = [...before, process.execPath, '--input-type=module', '-e', HOLD, path]
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  const said = new Promise<string>((done, reject) => {
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more
      if (text.includes('\n')) done(text.trim())
    })
    child.once('error', reject)
    child.once('close', () => reject(new Error('it ended without a word')))
  })
  said.catch(() => {})
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const kill = (): Promise<void> => {
    child.kill('SIGKILL')
    return ended
  }
  return { child, said, kill }
}

/** True if another process is refused the database in a directory. It makes one where it is not. */
export function isLockedForOthers(path: string): boolean {
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', OPEN, path], { cwd: ROOT })
  if (status !== 0 && status !== 3) throw new Error(`opening ${path} elsewhere ended with ${status}`)
  return status === 3
}

/** All names below a directory, with facts that show whether a file was changed; reading does not alter them. */
export function traces(directory: string): ReadonlyMap<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  return new Map(
    ['.', ...names].map((name) => [name, trace(lstatSync(join(directory, name), { bigint: true }))]),
  )
}

const trace = ({ ino, size, mode, mtimeNs, ctimeNs }: BigIntStats): string =>
  `${ino} ${size} ${mode} ${mtimeNs} ${ctimeNs}`
