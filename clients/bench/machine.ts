/** The machine on which a figure was measured. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly node: string
  readonly platform: string
  /** The median time of one 4 KiB write with a sync, on the disk of the logs. */
  readonly medianSyncMs: number
}

export function describeMachine(directory: string): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    medianSyncMs: medianSyncMs(directory),
  }
}

function medianSyncMs(directory: string): number {
  const path = join(directory, 'sync-probe')
  const file = openSync(path, 'w')
  const times: number[] = []
  for (let count = 0; count < 50; count++) {
    const start = performance.now()
    writeSync(file, Buffer.alloc(4096), 0, 4096, count * 4096)
    fdatasyncSync(file)
    times.push(performance.now() - start)
  }
  closeSync(file)
  rmSync(path)
  return Number((times.sort((a, b) => a - b)[25] as number).toFixed(3))
}
