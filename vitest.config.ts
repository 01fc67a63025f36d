import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/kit/compare-bytes.ts'],
    // Tests of real processes wait as much as they compute: with as many workers as cores one would stand idle.
    maxWorkers: 3,
    // No test changes a module's state, and each file loaded anew costs more than most tests.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
})
