import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/pictures/*.picture.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
})
