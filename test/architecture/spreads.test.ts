/** Spreads in object literals: optional properties go through `given`, and no literal is spread to please the formatter. */
import { expect, test } from 'vitest'
import { readSourceFiles, type SourceFiles, withoutComments } from '../kit/source-files.ts'
import { PROGRAM } from './layer-checks.ts'

const OPTIONAL = /\.\.\.\(\s*([\w.]+) === (?:undefined|null)\s*\?\s*\{\}\s*:\s*\{ (?:\w+: )?\1 \}/
const LITERAL = /(?<=[{,]\s*)\.\.\.\{/

const needlessSpreads = (files: SourceFiles): string[] =>
  [...files].flatMap(([path, text]) => {
    const code = withoutComments(text)
    return [OPTIONAL, LITERAL].flatMap((pattern) => {
      const found = pattern.exec(code)
      return found === null ? [] : [`${path} has ${found[0].replaceAll(/\s+/g, ' ')}`]
    })
  })

test('no needless spread', () => expect(needlessSpreads(readSourceFiles(PROGRAM))).toEqual([]))

test.each([
  'f({ ...(x === undefined ? {} : { x }) })',
  'f({ ...(o.x === null ? {} : { y: o.x }) })',
  'f({\n  a,\n  ...{ b, c },\n})',
])('planted: %j', (text) => {
  expect(needlessSpreads(new Map([['src/base/x.ts', text]]))).toHaveLength(1)
})

test.each([
  'f({ ...given({ x }) })',
  'f({ ...(x === null ? {} : { y: g(x) }) })',
  'f({ ...rest })',
  '// ...{ a }',
])('free: %j', (text) => {
  expect(needlessSpreads(new Map([['src/base/x.ts', text]]))).toEqual([])
})
