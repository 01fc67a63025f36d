/** The documents: tables that are made from the code, links that lead somewhere, a front page that stays short. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { problemsTable, routesTable } from '../kit/api-tables.ts'
import { ROOT } from '../kit/built-program.ts'
import { withTable } from '../kit/documents.ts'
import { galleryTable, modelsTable } from '../kit/gallery-table.ts'

const FRONT_PAGE_LINES_MAX = 150
const ARCHITECTURE_LINES_MAX = 120

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

test.each([
  ['routes', 'clients/README.md', routesTable],
  ['problems', 'clients/README.md', problemsTable],
  ['gallery', 'src/classics/README.md', galleryTable],
  ['models', 'src/classics/README.md', modelsTable],
])('`npm run tables` would change nothing: the table of %s in %s', async (name, path, table) => {
  await expect(withTable(path, name, table())).toMatchFileSnapshot(join(ROOT, path))
})

const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n')

describe.each(documents)('%s', (path) => {
  test('every link to a file leads to one, and every link to a heading to a heading', () => {
    const dead = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file = '', heading] = target.split('#')
        const full = file === '' ? path : join(dirname(path), file)
        if (!existsSync(join(ROOT, full))) return true
        return heading !== undefined && !headingsOf(read(full)).includes(heading)
      })
    expect(dead).toEqual([])
  })

  test('every file of the program that it names is there', () => {
    const named = [...read(path).matchAll(/`([a-z][\w-]*\/[\w./-]+\.(?:ts|md|svg))`/g)].map(
      ([, file = '']) => file,
    )
    const gone = named.filter(
      (file) => !['', 'src', dirname(path)].some((folder) => existsSync(join(ROOT, folder, file))),
    )
    expect(gone).toEqual([])
  })
})

/** The anchors that a forge makes of a document's headings. */
const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )

test('the front page and the architecture are short', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(FRONT_PAGE_LINES_MAX)
  expect(read('src/ARCHITECTURE.md').split('\n').length).toBeLessThanOrEqual(ARCHITECTURE_LINES_MAX)
})
