/** Every page is made with one kit: its frame, its tables, and the escaping of text stand in one file. */
import { expect, test } from 'vitest'
import { BROWSER_PAGES } from '../../clients/web/bundle/pages.ts'
import { readSourceFiles } from '../kit/source-files.ts'
import { PROGRAM } from './layer-checks.ts'

const KIT = 'clients/web/html.ts'
/** The same in pages that a browser draws. */
const BROWSER_KIT = 'clients/web/browser/kit/'
const files = readSourceFiles(PROGRAM)
const filesWith = (pattern: RegExp): readonly string[] =>
  [...files].filter(([, text]) => pattern.test(text)).map(([path]) => path)

test.each([
  ['the frame of a page', /<!doctype/i],
  ['the entities of text', /&lt;/],
  ['the policy of a page', /Content-Security-Policy/],
])('%s', (_what, pattern) => expect(filesWith(pattern)).toEqual([KIT]))

test('tables', () => {
  expect(filesWith(/<t(able|head|body)\b/)).toEqual([`${BROWSER_KIT}data-table.tsx`, KIT])
})

test('the kit has users', () => {
  expect(filesWith(/\bhtmlPage\(/)).toEqual(['attacks/report/page.ts', 'clients/web/costs/page.ts', KIT])
})

test('every page that a browser draws is in the frame of its kit', () => {
  const framed = filesWith(/<PageFrame\b/).map((path) => path.split('/').slice(0, -1).join('/'))
  const expected = BROWSER_PAGES.map(({ name }) => `clients/web/browser/${name}`)
  expect([...new Set(framed)].sort()).toEqual([...expected].sort())
})
