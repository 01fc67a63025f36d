/** Every page is made with one kit: its frame, its tables, and the escaping of text stand in one file. */
import { expect, test } from 'vitest'
import { readSourceFiles } from '../kit/source-files.ts'
import { PROGRAM } from './layer-checks.ts'

const KIT = 'clients/web/html.ts'
const files = readSourceFiles(PROGRAM)
const filesWith = (pattern: RegExp): readonly string[] =>
  [...files].filter(([, text]) => pattern.test(text)).map(([path]) => path)

test.each([
  ['the frame of a page', /<!doctype/i],
  ['the entities of text', /&lt;/],
  ['tables', /<t(able|head|body)\b/],
  ['the policy of a page', /Content-Security-Policy/],
])('%s', (_what, pattern) => expect(filesWith(pattern)).toEqual([KIT]))

test('the kit has users', () => {
  expect(filesWith(/\bhtmlPage\(/)).toEqual(['attacks/report/page.ts', 'clients/web/costs/page.ts', KIT])
})
