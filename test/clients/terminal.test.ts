/** Lines for a terminal: only text behind an ellipsis is lost. */
import { expect, test } from 'vitest'
import { cutLine, wrapWords } from '../../clients/cli/terminal.ts'

test.each([
  ['short', 10, 'short'],
  ['exactly ten', 11, 'exactly ten'],
  ['one more than ten', 10, 'one more …'],
  ['漢字漢字', 5, '漢字…'],
])('%s in %i columns', (line, columns, expected) => expect(cutLine(line, columns)).toBe(expected))

test('a long line is broken at spaces, and a long word stays whole', () => {
  expect(wrapWords('  replica 0  primary  127.0.0.1:1  voting', 24, 4)).toBe(
    '  replica 0  primary\n    127.0.0.1:1  voting',
  )
  const long = 'b'.repeat(50)
  expect(wrapWords(`a ${long} c`, 20, 2)).toBe(`a\n  ${long}\n  c`)
  expect(wrapWords('漢字 漢字 漢字', 9)).toBe('漢字 漢字\n漢字')
})
