/** The modules that a run of the built program loads, recorded by a loader in a separate process. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './built-program.ts'

export interface Loaded {
  /** Files of the program, relative to the root, in the order of their names. */
  readonly files: readonly string[]
  /** Packages, each once, in the order of their names. */
  readonly packages: readonly string[]
}

/** A loader that notes each module in the file that the environment names. */
const NOTING = `
import { appendFileSync } from 'node:fs'
export async function load(url, context, next) {
  appendFileSync(process.env.NOTE_LOADED_IN, url + '\\n')
  return next(url, context)
}`
const dataUrl = (module: string): string => `data:text/javascript,${encodeURIComponent(module)}`
const REGISTERING = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(NOTING))})`

const MAIN = join(ROOT, 'dist/clients/cli/main.js')

/** Runs the program with these arguments to its end, successful or not. */
export function loadedBy(words: readonly string[]): Loaded {
  const directory = mkdtempSync(join(tmpdir(), 'strategos-loaded-'))
  const note = join(directory, 'modules')
  try {
    spawnSync(process.execPath, ['--import', dataUrl(REGISTERING), MAIN, ...words], {
      env: { ...process.env, NOTE_LOADED_IN: note },
      stdio: 'ignore',
    })
    const urls = [...new Set(readFileSync(note, 'utf8').trim().split('\n'))]
    const paths = urls.filter((url) => url.startsWith('file:')).map((url) => new URL(url).pathname)
    const dist = `${join(ROOT, 'dist')}/`
    const inPackages = paths.flatMap((path) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
    return {
      files: paths
        .filter((path) => path.startsWith(dist))
        .map((path) => path.slice(dist.length))
        .sort(),
      packages: [...new Set(inPackages)].sort(),
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
