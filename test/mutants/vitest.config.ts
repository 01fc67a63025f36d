import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/mutants/*.hunt.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 300_000,
    maxConcurrency: 2,
  },
})
