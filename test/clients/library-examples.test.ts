/** The examples of the library in `clients/README.md`, each run as it stands before a store of this process. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { builtFile, ROOT } from '../kit/built-program.ts'
import { codeBlocks } from '../kit/documents.ts'
import { LibraryStores } from './library-stores.ts'

const stores = new LibraryStores()
beforeAll(() => stores.listen())
afterAll(() => stores.close())

const library = pathToFileURL(join(ROOT, builtFile('clients/library/index.ts'))).href
const examples = codeBlocks(readFileSync(join(ROOT, 'clients/README.md'), 'utf8'), 'Library', 'js')

/** The lines that each example prints. */
const PRINTED = [
  ['hello at revision 2'],
  ['somebody was faster: it is at revision 3', 'one', 'deleted two'],
  ['true bob'],
  ['2 put jobs/1 begun'],
  [/^hold the lock with token \d+$/, /^host-1 leads with token \d+$/],
]

test('there are as many as are expected', () => expect(examples).toHaveLength(PRINTED.length))

test.each(PRINTED.map((lines, index) => ({ index, lines })))('example $index', async ({ index, lines }) => {
  stores.clear()
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...words) => void printed.push(words.join(' ')))
  const code = (examples[index] ?? '').replace("'strategos'", `'${library}'`)
  try {
    await import(
      /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code.replace('http://localhost:8080', stores.url))}`
    )
  } finally {
    log.mockRestore()
  }
  expect(printed).toHaveLength(lines.length)
  for (const [at, line] of lines.entries()) expect(printed[at]).toMatch(line)
})
