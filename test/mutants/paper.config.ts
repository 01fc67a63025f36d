/** Runs tests of the rules against the built program of the directory that this file lies in, mutated as it is. */
import { dirname, join, relative, resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

const ROOT = join(import.meta.dirname, '..', '..')

export default defineConfig({
  root: ROOT,
  plugins: [
    {
      name: 'the-built-program',
      enforce: 'pre',
      resolveId(source, importer) {
        if (importer === undefined || !source.startsWith('.') || !source.endsWith('.ts')) return null
        const path = relative(ROOT, resolve(dirname(importer), source))
        return path.startsWith('src/') ? join(ROOT, 'dist', path.replace(/\.ts$/u, '.js')) : null
      },
    },
  ],
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
})
