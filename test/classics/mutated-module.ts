/** Modules of the built program with a small mistake in them: one condition dropped or changed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { builtFile, ROOT } from '../kit/built-program.ts'

export interface Mistake {
  /** The source file of the module. */
  readonly file: string
  /** Stands in the built file exactly once. */
  readonly search: string
  readonly replacement: string
}

/** Imports the module with the mistake; what it imports itself is as it was built. */
export async function importMutated<Module>({ file, search, replacement }: Mistake): Promise<Module> {
  const path = join(ROOT, builtFile(file))
  const text = readFileSync(path, 'utf8')
  const times = text.split(search).length - 1
  if (times !== 1) throw new Error(`${file} contains ${JSON.stringify(search)} ${times} times, not once`)
  const complete = text
    .replace(search, () => replacement)
    .replace(/(from\s+)'(\.[^']+)'/g, (_, from: string, specifier: string) => {
      return `${from}'${new URL(specifier, pathToFileURL(path)).href}'`
    })
    .replace(/\n\/\/# sourceMappingURL=.*/, '')
  return import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(complete)}`)
}
