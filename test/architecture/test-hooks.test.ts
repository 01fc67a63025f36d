/** Hooks stand in the files of tests. A worker loads a helper once for all of its files, and only the first would get the hook. */
import { expect, test } from 'vitest'
import { readSourceFiles, type SourceFiles } from '../kit/source-files.ts'

const HOOK_AT_TOP = /^(?:before|after)(?:Each|All)\(/m

/** Returns the helpers that register a hook as they are loaded. */
const hooksOfHelpers = (files: SourceFiles): string[] =>
  [...files].flatMap(([path, text]) =>
    !/\.(?:test|hunt)\.ts$/.test(path) && HOOK_AT_TOP.test(text) ? [path] : [],
  )

test('no helper of tests registers a hook as it is loaded', () => {
  const files = readSourceFiles(['test'])
  expect([...files.values()].filter((text) => HOOK_AT_TOP.test(text)).length).toBeGreaterThan(20)
  expect(hooksOfHelpers(files)).toEqual([])
})

test.each([
  ['test/kit/a.ts', 'const a = 1\nafterEach(() => {})', 1],
  ['test/kit/a.ts', 'export function suite() {\n  afterEach(() => {})\n}', 0],
  ['test/kit/a.test.ts', 'afterEach(() => {})', 0],
] as const)('%s with %j: %i of them', (path, text, count) => {
  expect(hooksOfHelpers(new Map([[path, text]]))).toHaveLength(count)
})
