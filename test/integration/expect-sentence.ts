/** The sentence of a command that a person can act on. */
import { expect } from 'vitest'
import type { Finished } from './process-kit.ts'

/** One sentence, no stack, nothing on standard output, and exit code 2. */
export function expectSentence({ code, stdout, stderr }: Finished, saying: RegExp): void {
  expect(stderr).toMatch(saying)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(stderr).not.toMatch(/\n\s+at /)
  expect(stdout).toBe('')
  expect(code).toBe(2)
}
