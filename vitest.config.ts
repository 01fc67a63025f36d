import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests of real processes wait more than they compute: by default one core would stand idle.
    maxWorkers: 2,
    // No test changes a module's state, and each file loaded anew costs more than most tests.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
})
