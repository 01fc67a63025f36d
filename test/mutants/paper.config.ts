/** Runs tests of the rules against the built program of the directory that this file lies in, mutated as it is. */
import { defineConfig } from 'vitest/config'
import { BUILT_PROGRAM, builtProgram, ROOT } from '../kit/built-program.ts'

export default defineConfig({
  root: ROOT,
  plugins: [builtProgram],
  test: {
    include: ['test/**/*.test.ts'],
    server: { deps: { external: [BUILT_PROGRAM] } },
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
})
