/** Refuses to judge a program that was built from older sources than those that lie beside it. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { builtFile, ROOT } from './built-program.ts'
import { readSourceFiles } from './source-files.ts'

export default function expectFreshBuild(): void {
  for (const path of readSourceFiles(['src', 'attacks', 'clients', 'replicas']).keys()) {
    if (path.endsWith('.d.ts')) continue
    const built = statSync(join(ROOT, builtFile(path)), { throwIfNoEntry: false })
    if (built === undefined || built.mtimeMs < statSync(join(ROOT, path)).mtimeMs) {
      throw new Error(`${path} is newer than what was built of it: npm run build`)
    }
  }
}
