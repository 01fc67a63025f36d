/** Refuses to test a program that is older than its sources. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { BROWSER_SOURCES, builtFile, ROOT } from './built-program.ts'
import { readSourceFiles } from './source-files.ts'

/** The file that is written after all pages. */
const BUILT_PAGES = 'dist/clients/web/pages.json'

export default function expectFreshBuild(): void {
  for (const path of readSourceFiles(['src', 'attacks', 'clients', 'replicas']).keys()) {
    if (path.endsWith('.d.ts')) continue
    const file = path.startsWith(BROWSER_SOURCES) ? BUILT_PAGES : builtFile(path)
    const built = statSync(join(ROOT, file), { throwIfNoEntry: false })
    if (built === undefined || built.mtimeMs < statSync(join(ROOT, path)).mtimeMs) {
      throw new Error(`${path} is newer than its build: run npm run build`)
    }
  }
}
