/**
 * The refusals of the system, for the person who can mend them: the reason and the remedy, by the code of the error, or
 * by its words where a database hands on the words alone.
 */
import { OperatorError } from '../base/operator-error.ts'

export interface Refusal {
  /** A clause: "… because …". */
  readonly reason: string
  /** A clause in the imperative; null where the reason says enough. */
  readonly remedy: string | null
}

interface RefusalRow extends Refusal {
  readonly codes: readonly string[]
  /** The words in which a database reports it; null where the same words could mean damage, or a file that is not there. */
  readonly words: RegExp | null
}

const ROOM = 'make room on this disk'
const NETWORK = 'check the network'

const row = (
  codes: string,
  words: RegExp | null,
  reason: string,
  remedy: string | null = null,
): RefusalRow => ({ codes: codes.split(' '), words, reason, remedy })

/** A code that is not here is a fault of the program. Of words that fit several rows the first counts. */
const REFUSALS: readonly RefusalRow[] = [
  row(
    'EROFS',
    /EROFS|read-only file system/i,
    'the file system is read-only',
    'mount it so that it can be written',
  ),
  row(
    'EACCES',
    /EACCES|permission denied/i,
    'this user lacks the permission',
    'change the owner or the mode, or run as another user',
  ),
  row(
    'EPERM',
    /EPERM|not permitted/i,
    'the system does not permit it to this user',
    'change the owner or the mode, or run as another user',
  ),
  row('ENOSPC', /ENOSPC|no space left/i, 'the disk is full', ROOM),
  row('EDQUOT', /EDQUOT|quota/i, 'the disk quota is used up', ROOM),
  row('EFBIG', /EFBIG|file too large/i, 'the file would be larger than the system allows', ROOM),
  row(
    'EMFILE ENFILE',
    /EMFILE|ENFILE|too many open files/i,
    'too many files are open',
    'raise the limit, for example with "ulimit -n 4096"',
  ),
  row(
    'ENOLCK ENOTSUP ENOSYS',
    /ENOLCK|no locks available|ENOTSUP|not supported|ENOSYS|not implemented/i,
    'the file system does not support it',
    'use another file system',
  ),
  row(
    'ENOTDIR',
    /ENOTDIR|not a directory/i,
    'a file stands where a directory belongs',
    'move the file away or choose another path',
  ),
  row('ENAMETOOLONG', /ENAMETOOLONG|name too long/i, 'the path is too long', 'choose a shorter one'),
  row('EIO', /EIO\b|input\/output error/i, 'the disk reports an error', 'check this disk'),
  row('ENOENT', null, 'it does not exist'),
  row('EISDIR', null, 'it is a directory, not a file'),
  row('EEXIST', null, 'it exists already'),
  row('ENOTEMPTY', null, 'the directory is not empty'),
  row('ELOOP', null, 'its symbolic links lead in a circle'),
  row('EBUSY ETXTBSY', null, 'it is in use'),
  row('EXDEV', null, 'it lies on another file system'),
  row('ENOMEM', null, 'the system has no memory left'),
  row('EAGAIN', null, 'the system has no resources left for it', 'try again'),
  row('EADDRINUSE', null, 'another program uses the port', 'end it or choose another port'),
  row('EADDRNOTAVAIL', null, 'the address does not belong to this machine'),
  row('EAFNOSUPPORT', null, 'this machine does not support such addresses'),
  row('ENOTFOUND', null, 'the host name is not known'),
  row('EAI_AGAIN', null, 'the host name cannot be looked up now', NETWORK),
  row('EAI_FAIL', null, 'the host name cannot be looked up', NETWORK),
  row('ECONNREFUSED', null, 'nothing listens there'),
  row('ECONNRESET EPIPE', null, 'the other end closed the connection'),
  row('EHOSTUNREACH', null, 'the host cannot be reached'),
  row('ENETUNREACH', null, 'the network cannot be reached'),
  row('ETIMEDOUT', null, 'the other end does not answer'),
]

/** The verb for what could not be done, by the call of the system. */
const VERBS: Readonly<Record<string, string>> = {
  open: 'opened',
  read: 'read',
  scandir: 'read',
  opendir: 'read',
  readlink: 'read',
  stat: 'read',
  lstat: 'read',
  access: 'read',
  mkdir: 'made',
  mkdtemp: 'made',
  rename: 'renamed',
  unlink: 'removed',
  rmdir: 'removed',
  rm: 'removed',
  chmod: 'changed',
  copyfile: 'copied',
}

interface SystemError extends Error {
  readonly code: string
  readonly syscall: string
  readonly path?: string
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

/** An `OperatorError` as it is, one made of a refusal of the system, or null: then the program is broken. */
export function operatorErrorOf(error: unknown): OperatorError | null {
  if (error instanceof OperatorError) return error
  if (!isSystemError(error)) return null
  const why = reasonOf(error)
  return why === null ? null : new OperatorError(`${attemptOf(error)}: ${why} (${error.code}).`)
}

/** The reason and the remedy as a clause without a full stop; null for what is no refusal that a person can mend. */
export function reasonOf(error: unknown): string | null {
  if (!isSystemError(error)) return null
  const refusal = REFUSALS.find(({ codes }) => codes.includes(error.code))
  if (refusal === undefined) return null
  return refusal.remedy === null ? refusal.reason : `${refusal.reason}; ${refusal.remedy}`
}

/** The innermost message of an error: a database wraps what the system said. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? causeOf(error.cause) : error.message
}

/**
 * The reason and the remedy that the words of an error name; null for what may be damage, or a fault of the program.
 * Errors of a database have no code.
 */
export function refusalOf(error: unknown): Refusal | null {
  const text = causeOf(error)
  return REFUSALS.find(({ words }) => words?.test(text) === true) ?? null
}

/** A remedy as the beginning of a sentence. */
export const asSentence = (clause: string): string => clause.charAt(0).toUpperCase() + clause.slice(1)

const isSystemError = (error: unknown): error is SystemError =>
  error instanceof Error &&
  typeof (error as Partial<SystemError>).code === 'string' &&
  typeof (error as Partial<SystemError>).syscall === 'string'

/** The attempt that failed, as the beginning of a sentence. */
function attemptOf({ syscall, path, address, port, hostname }: SystemError): string {
  if (syscall === 'getaddrinfo') return `The host ${hostname ?? ''} cannot be found`
  if (syscall === 'listen' || syscall === 'bind') return `Cannot listen on ${placeOf(address, port)}`
  if (syscall === 'connect') return `Cannot connect to ${placeOf(address, port)}`
  if (syscall.startsWith('spawn')) return `The process ${path ?? ''} cannot be started`
  // A call on an open file does not say which one it was.
  const subject = path ?? 'A file'
  return `${subject} cannot be ${VERBS[syscall] ?? (syscall.includes('read') ? 'read' : 'written')}`
}

function placeOf(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return port === undefined ? 'the address' : `port ${port}`
  const host = address.includes(':') ? `[${address}]` : address
  return port === undefined ? host : `${host}:${port}`
}
