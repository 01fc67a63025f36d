/** The deep run: tests that are worth half an hour, but too slow for every change. See `npm run test:deep`. */
import { defineConfig } from 'vitest/config'
import { BUILT_PROGRAM, builtProgram, ROOT } from '../kit/built-program.ts'
import { readSourceFiles } from '../kit/source-files.ts'

/** Texts of a test that tries more here than in `npm test`: by itself, by how it runs commands, or by the sizes of its clusters. */
const SIGNS = ["/kit/depth.ts'", "/command-run.ts'", 'CLUSTER_SIZES']
/** Tests that try more here than in `npm test`. */
const DEEPER = [...readSourceFiles(['test'])]
  .filter(([path, text]) => path.endsWith('.test.ts') && SIGNS.some((sign) => text.includes(sign)))
  .map(([path]) => path)

export default defineConfig({
  root: ROOT,
  plugins: [builtProgram],
  test: {
    include: ['test/deep/**/*.test.ts', ...DEEPER],
    env: { TEST_DEPTH: 'deep' },
    globalSetup: ['test/kit/fresh-build.ts'],
    setupFiles: ['test/kit/compare-bytes.ts'],
    server: { deps: { external: [BUILT_PROGRAM] } },
    // One file at a time: attacks on processes need the whole machine, and seeds use all cores.
    fileParallelism: false,
    testTimeout: 10 * 60_000,
    hookTimeout: 5 * 60_000,
  },
})
