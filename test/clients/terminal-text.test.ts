/** Lines for a terminal: never wider than it, and nothing is lost but what the ellipsis stands for. */
import { expect, test } from 'vitest'
import { cutLine, wrapLine } from '../../clients/cli/terminal-text.ts'

test.each([
  ['short', 10, 'short'],
  ['exactly ten', 11, 'exactly ten'],
  ['one more than ten', 10, 'one more …'],
  ['漢字漢字', 5, '漢字…'],
])('%s in %i columns', (line, columns, expected) => expect(cutLine(line, columns)).toBe(expected))

test('a long line is broken at spaces, and a long word anywhere', () => {
  expect(wrapLine('  replica 0  primary  127.0.0.1:1  voting', 24, '    ')).toBe(
    '  replica 0  primary\n    127.0.0.1:1  voting',
  )
  const lines = wrapLine(`a ${'b'.repeat(50)} c`, 20, '  ').split('\n')
  expect(lines.every((line) => line.length <= 20)).toBe(true)
  expect(lines.join('').replaceAll(' ', '')).toBe(`a${'b'.repeat(50)}c`)
})
