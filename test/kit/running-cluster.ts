/** A cluster started by `strategos up` in a directory of its own, with a gateway on a free port. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild, stopChild } from '../../replicas/child-process.ts'
import { ROOT } from './built-program.ts'

const MAIN = join(ROOT, 'dist', 'clients', 'cli', 'main.js')

export interface RunningCluster {
  readonly url: string
  /** Stops it and removes its directory. */
  close(): Promise<void>
}

/** Starts it with these flags beside its directory and ports. */
export async function startCluster(...flags: readonly string[]): Promise<RunningCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'strategos-cluster-'))
  const args = [MAIN, 'up', '--dir', join(directory, 'cluster'), '--port', '0', '--base-port', '0', ...flags]
  const child = startChild('up', args, join(directory, 'log'))
  const close = async (): Promise<void> => {
    await stopChild(child.process)
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    return { url: await child.ready, close }
  } catch (error) {
    await close()
    throw error
  }
}
