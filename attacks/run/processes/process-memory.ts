/** The memory and the open files of another process, as Linux reports them. */
import { readdirSync, readFileSync } from 'node:fs'

export interface Memory {
  readonly residentBytes: number
  /** The peak. */
  readonly peakBytes: number
}

/** Null if the process is gone, or the system is not Linux. */
export function memoryOf(pid: number): Memory | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return null
  }
  const bytes = (name: string): number | null => {
    const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
    return kibibytes === undefined ? null : Number(kibibytes) * 1024
  }
  const residentBytes = bytes('VmRSS')
  const peakBytes = bytes('VmHWM')
  return residentBytes === null || peakBytes === null ? null : { residentBytes, peakBytes }
}

/** The number of open files and connections of a process; null if it is gone, or the system is not Linux. */
export function openFilesOf(pid: number | null): number | null {
  if (pid === null) return null
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return null
  }
}
