/** Turns what the system refuses into one sentence for the person who can mend it. */
import { OperatorError } from '../base/operator-error.ts'

/** Why the system refuses, and what to do, by the code of its error. A code that is not here is a fault of the program. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user lacks the permission; change its mode or owner, or run as another user',
  EPERM: 'the system does not permit it to this user',
  EROFS: 'the file system is read-only; choose another directory',
  ENOSPC: 'the disk is full; make room and try again',
  EDQUOT: 'the disk quota is used up; make room and try again',
  EFBIG: 'the file would be larger than the system allows',
  EIO: 'the disk reports an error; check it',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory, not a file',
  EEXIST: 'it exists already',
  ENOTEMPTY: 'the directory is not empty',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its symbolic links lead in a circle',
  EBUSY: 'it is in use',
  ETXTBSY: 'it is in use',
  EXDEV: 'it lies on another file system',
  EMFILE: 'too many files are open; raise the limit, for example with "ulimit -n 4096"',
  ENFILE: 'too many files are open in the whole system',
  ENOMEM: 'the system has no memory left',
  EAGAIN: 'the system has no resources left for it; try again',
  EADDRINUSE: 'another program uses the port; end it or choose another port',
  EADDRNOTAVAIL: 'the address does not belong to this machine',
  EAFNOSUPPORT: 'this machine does not support such addresses',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now; check the network',
  EAI_FAIL: 'the host name cannot be looked up; check the network',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the other end closed the connection',
  EPIPE: 'the other end closed the connection',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the other end does not answer',
}

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

/** Why the system refused, as a clause without a full stop; null for what is no refusal that a person can mend. */
export function reasonOf(error: unknown): string | null {
  return isSystemError(error) ? (REASONS[error.code] ?? null) : null
}

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
