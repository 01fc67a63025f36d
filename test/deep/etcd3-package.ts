/** npm's `etcd3`, installed for a test into a directory of its own. It is no dependency of this project. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PATIENCE_MS } from '../kit/patience.ts'

export const ETCD3_VERSION = '1.1.2'

export interface InstalledEtcd3 {
  // The package's own types are not there when this is compiled.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly etcd3: any
  remove(): void
}

/** Installs the package. Returns the reason as a sentence where that is not possible. */
export function installEtcd3(): InstalledEtcd3 | string {
  const directory = mkdtempSync(join(tmpdir(), 'strategos-etcd3-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-save', '--prefix', directory]
    execFileSync('npm', ['install', ...flags, `etcd3@${ETCD3_VERSION}`], {
      stdio: 'pipe',
      timeout: PATIENCE_MS,
    })
    return { etcd3: createRequire(join(directory, 'none.js'))('etcd3'), remove }
  } catch (error) {
    remove()
    return `etcd3@${ETCD3_VERSION} cannot be installed: ${`${(error as Error).message}`.split('\n')[0]}`
  }
}
