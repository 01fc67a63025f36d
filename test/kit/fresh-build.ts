/** Refuses to judge a program that was built from older sources than those that lie beside it. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { BROWSER_SOURCES, builtFile, ROOT } from './built-program.ts'
import { readSourceFiles } from './source-files.ts'

/** Written when all pages are. */
const BUILT_PAGES = 'dist/clients/web/pages.json'

export default function expectFreshBuild(): void {
  for (const path of readSourceFiles(['src', 'attacks', 'clients', 'replicas']).keys()) {
    if (path.endsWith('.d.ts')) continue
    const file = path.startsWith(BROWSER_SOURCES) ? BUILT_PAGES : builtFile(path)
    const built = statSync(join(ROOT, file), { throwIfNoEntry: false })
    if (built === undefined || built.mtimeMs < statSync(join(ROOT, path)).mtimeMs) {
      throw new Error(`${path} is newer than what was built of it: npm run build`)
    }
  }
}
