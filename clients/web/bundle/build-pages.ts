/** Builds every page of `browser/`: its modules and the program's, bundled into one file that opens from a disk. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type OutputChunk, rolldown } from 'rolldown'
import { scriptedPage } from '../html.ts'
import { type BuiltPage, FACTS_FILE, pagePath } from './built-pages.ts'
import { BROWSER_PAGES, type BrowserPage } from './pages.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const BROWSER = join(ROOT, 'clients', 'web', 'browser')
/** The one part of the core that needs Node, and what stands for it in a browser. */
const REPLACED = join(ROOT, 'src', 'crypto', 'sodium-suite.ts')
const REPLACEMENT = join(BROWSER, 'sodium-suite.ts')

/** Imports of the replaced file get the replacement. */
const replacing = {
  name: 'without-node',
  async resolveId(
    this: { resolve(source: string, importer?: string): Promise<{ readonly id: string } | null> },
    source: string,
    importer: string | undefined,
  ): Promise<string | null> {
    if (!source.endsWith('/sodium-suite.ts') || importer === undefined) return null
    const found = await this.resolve(source, importer)
    return found?.id === REPLACED ? REPLACEMENT : null
  },
}

async function bundle(page: BrowserPage): Promise<OutputChunk> {
  const build = await rolldown({
    input: join(BROWSER, page.name, 'page.tsx'),
    platform: 'browser',
    tsconfig: join(BROWSER, 'tsconfig.json'),
    plugins: [replacing],
    onLog(_level, log) {
      throw new Error(`${page.name}: ${log.message}`)
    },
  })
  const { output } = await build.generate({ format: 'esm', minify: true, codeSplitting: false })
  await build.close()
  const [chunk, ...others] = output
  if (others.length > 0) throw new Error(`${page.name} comes out in ${output.length} files, not in one`)
  return chunk
}

/** The room that a module belongs to: a package, a room of the core, or the folder of its page. */
function roomOf(path: string): string {
  const parts = relative(ROOT, path).split(/[\\/]/)
  const packages = parts.lastIndexOf('node_modules')
  if (packages >= 0) {
    const [scope = '', name = ''] = parts.slice(packages + 1)
    return scope.startsWith('@') ? `${scope}/${name}` : scope
  }
  if (parts[0] === 'src') return parts.slice(0, 2).join('/')
  return parts[0] === 'clients' ? parts.slice(0, -1).join('/') : (parts[0] ?? '')
}

function roomsOf({ modules }: OutputChunk): Readonly<Record<string, number>> {
  const rooms: Record<string, number> = {}
  for (const [path, { renderedLength }] of Object.entries(modules)) {
    const room = roomOf(path)
    rooms[room] = (rooms[room] ?? 0) + renderedLength
  }
  return Object.fromEntries(Object.entries(rooms).sort(([, a], [, b]) => b - a))
}

const styleIn = (folder: string, file: string): string => readFileSync(join(BROWSER, folder, file), 'utf8')

async function build(page: BrowserPage): Promise<BuiltPage> {
  const chunk = await bundle(page)
  const { html, policy } = scriptedPage({
    ...page,
    style: styleIn('kit', 'kit.css') + styleIn(page.name, 'page.css'),
    script: chunk.code,
  })
  writeFileSync(pagePath(page.name), html)
  return { name: page.name, policy, bytes: Buffer.byteLength(html), rooms: roomsOf(chunk) }
}

const built: BuiltPage[] = []
for (const page of BROWSER_PAGES) built.push(await build(page))
writeFileSync(FACTS_FILE, `${JSON.stringify(built, null, 1)}\n`)
