/**
 * The files and connections that this process may have open at once, and their shares, dealt out at the start: strangers
 * who open connections must never take what the log needs. A process without descriptors accepts nothing and says nothing
 * about it, and cannot open its next file.
 */
import { readFileSync } from 'node:fs'
import { OperatorError } from '../base/operator-error.ts'

/** Descriptors reserved for the runtime, the log, the pages and the files that libraries open. */
export const FILES_RESERVE = 96
/** Unfinished handshakes, or connections of a gateway, with fewer of which a process would be of no use. */
const STRANGERS_LEAST = 16
/** Links of clients, with fewer of which a replica would be of no use. */
const CLIENTS_LEAST = 16
/** Milliseconds between two attempts to open a file while the process has no descriptor left. */
const OPEN_AGAIN_MS = 50

/** The number of files that the system lets this process have open at once; infinite where nothing says it. */
export function openFilesMax(): number {
  // Node raises the soft limit to the hard one when it starts, so this is not always what a shell says.
  const fromSystem = /^Max open files\s+(\d+|unlimited)/m.exec(readOrEmpty('/proc/self/limits'))?.[1]
  if (fromSystem !== undefined)
    return fromSystem === 'unlimited' ? Number.POSITIVE_INFINITY : Number(fromSystem)
  const report = process.report?.getReport() as
    | { userLimits?: { open_files?: { soft?: unknown } } }
    | undefined
  const soft = report?.userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY
}

/** The connections of a replica, each kind with its own share. */
export interface ConnectionShares {
  /** Inbound connections whose handshake is not over. */
  readonly halfOpenMax: number
  readonly clientLinksMax: number
}

/**
 * The connections of each kind that a replica of `n` may have: `most`, or as many as the process has room for. Links to
 * replicas come first, each of them twice for a moment, when a new one takes an old one's place.
 */
export function shareConnections(openFiles: number, n: number, most: ConnectionShares): ConnectionShares {
  const ofReplicas = 2 * n
  const room = openFiles - FILES_RESERVE - ofReplicas
  const least = STRANGERS_LEAST + CLIENTS_LEAST
  if (room < least) throw new TooFewDescriptors(openFiles, 'a replica', FILES_RESERVE + ofReplicas + least)
  const clientLinksMax = Math.min(most.clientLinksMax, Math.max(CLIENTS_LEAST, Math.floor(room / 2)))
  return { clientLinksMax, halfOpenMax: Math.min(most.halfOpenMax, room - clientLinksMax) }
}

/** The callers' connections that a gateway may have beside its links to `n` replicas. */
export function callersMax(openFiles: number, n: number, most: number): number {
  const room = openFiles - FILES_RESERVE - 2 * n
  if (room < STRANGERS_LEAST) {
    throw new TooFewDescriptors(openFiles, 'a gateway', FILES_RESERVE + 2 * n + STRANGERS_LEAST)
  }
  return Math.min(most, room)
}

export class TooFewDescriptors extends OperatorError {
  override readonly name = 'TooFewDescriptors'

  constructor(has: number, who: string, needed: number) {
    super(
      `This process may open ${has} files, and ${who} needs ${needed}: allow more with "ulimit -n ${needed}".`,
    )
  }
}

/** True if an operation failed because this process, or the whole system, has no descriptor left. */
export function isOutOfDescriptors(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return code === 'EMFILE' || code === 'ENFILE'
}

/**
 * Opens something, again and again while there is no descriptor for it: that is no fault of the disk, and it passes. What
 * waits for the file waits meanwhile. Says so once.
 */
export async function openPatiently<T>(what: string, open: () => Promise<T>): Promise<T> {
  for (let hasSaid = false; ; hasSaid = true) {
    try {
      return await open()
    } catch (error) {
      if (!isOutOfDescriptors(error)) throw error
      if (!hasSaid)
        process.emitWarning(`Too many files are open to open ${what}: waiting. Allow more with "ulimit -n".`)
      await new Promise((done) => setTimeout(done, OPEN_AGAIN_MS))
    }
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
