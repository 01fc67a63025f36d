import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import { BUILT_PROGRAM, builtProgram } from './test/kit/built-program.ts'

export default defineConfig({
  plugins: [builtProgram],
  test: {
    include: ['test/**/*.test.ts'],
    // They have a run of their own: npm run test:deep.
    exclude: [...configDefaults.exclude, 'test/deep/**'],
    globalSetup: ['test/kit/fresh-build.ts'],
    setupFiles: ['test/kit/compare-bytes.ts'],
    server: { deps: { external: [BUILT_PROGRAM] } },
    // One more than there are cores: tests of real processes wait much of their time.
    maxWorkers: availableParallelism() + 1,
    // No test changes a module's state, and each file loaded anew costs more than most tests.
    isolate: false,
    // Only what never ends meets these limits, also on a slow machine that is busy with other things.
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
})
