/** The footprint of one replica's process: memory, and bytes on the disk. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseSegmentName } from '../../src/io/file-log-segments.ts'

export interface Footprint {
  /** Resident memory, in bytes. */
  readonly memoryBytes: number
  /** Bytes of the log's directory: segments in use and the one that is prepared. */
  readonly logBytes: number
  /** Bytes of the page store's directory. */
  readonly pageBytes: number
  /** Records trimmed from the start of the log; 0 while the log is complete. */
  readonly trimmedRecords: number
}

/** The directories of a replica's log and pages. */
export interface ReplicaDirectories {
  readonly log: string
  readonly pages: string
}

/** Throws when the process has ended. */
export function measureFootprint({ log, pages }: ReplicaDirectories, pid: number): Footprint {
  return {
    memoryBytes: residentBytes(pid),
    logBytes: directoryBytes(log),
    pageBytes: directoryBytes(pages),
    trimmedRecords: firstRecord(log),
  }
}

/** The larger value of each figure. */
export function largerFootprint(a: Footprint, b: Footprint): Footprint {
  return {
    memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
    logBytes: Math.max(a.logBytes, b.logBytes),
    pageBytes: Math.max(a.pageBytes, b.pageBytes),
    trimmedRecords: Math.max(a.trimmedRecords, b.trimmedRecords),
  }
}

/** A process's resident memory in bytes: from /proc on Linux, elsewhere from `ps`. */
export function residentBytes(pid: number): number {
  const kibibytes =
    process.platform === 'linux'
      ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`], { encoding: 'utf8' }).trim()
  if (kibibytes === undefined || !/^\d+$/.test(kibibytes)) throw new Error(`process ${pid} has ended`)
  return Number(kibibytes) * 1024
}

/** The bytes of all files below a directory; 0 if it does not exist. */
export function directoryBytes(directory: string): number {
  let bytes = 0
  for (const entry of whileItExists(() => readdirSync(directory, { withFileTypes: true })) ?? []) {
    const path = join(directory, entry.name)
    bytes += entry.isDirectory() ? directoryBytes(path) : (whileItExists(() => statSync(path).size) ?? 0)
  }
  return bytes
}

function firstRecord(logDirectory: string): number {
  const names = whileItExists(() => readdirSync(logDirectory)) ?? []
  const firsts = names.map(parseSegmentName).filter((first) => first !== null)
  return firsts.length === 0 ? 0 : Math.min(...firsts)
}

/** A file may be removed between its listing and its measurement. */
function whileItExists<T>(look: () => T): T | null {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
