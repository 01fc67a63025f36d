/** The layers, held by a table. Every check is also run on planted violations, so that it is known to be able to fail. */
import { describe, expect, test } from 'vitest'
import { importsOf, readSourceFiles, type SourceFiles } from '../kit/source-files.ts'
import {
  danglingImports,
  importCycle,
  impureFiles,
  layerViolations,
  longFiles,
  MINT,
  mintedElsewhere,
  misnamedFiles,
  PROGRAM,
} from './layer-checks.ts'

describe('the program', () => {
  const files = readSourceFiles(PROGRAM)

  test('there is something to check', () => {
    expect(files.size).toBeGreaterThan(40)
    const imports = [...files].flatMap(([path, text]) => importsOf(path, text))
    expect(imports.length).toBeGreaterThan(200)
    // No import escapes the parser: as many as there are lines that look like one.
    const lines = [...files.values()].flatMap(
      (text) => text.match(/^(import|export)\b.*from\s+'|^\} from '|^import '/gm) ?? [],
    )
    expect(imports.length).toBeGreaterThanOrEqual(lines.length)
  })

  test('no file imports what its layer may not', () => expect(layerViolations(files)).toEqual([]))
  test('every import leads to a file', () => expect(danglingImports(files)).toEqual([]))
  test('no import cycle', () => expect(importCycle(files)).toBeNull())
  test('the pure folders are pure', () => expect(impureFiles(files)).toEqual([]))
  test('Verified is minted in one place', () => {
    expect(mintedElsewhere(files)).toEqual([])
    expect(files.get(MINT)?.match(/as Verified</g)).toHaveLength(1)
  })
  test('no file is longer than 400 lines', () => expect(longFiles(files)).toEqual([]))
  test('every file has a kebab-case name', () => expect(misnamedFiles(files)).toEqual([]))
})

describe('the parser', () => {
  const all = (text: string) =>
    importsOf('src/pbft/a.ts', text).map(
      ({ specifier, isTypeOnly }) => `${isTypeOnly ? 'type ' : ''}${specifier}`,
    )

  test.each([
    [`import { a } from './b.ts'`, './b.ts'],
    [`import a from "b"`, 'b'],
    [`import * as a from 'node:fs'`, 'node:fs'],
    [`import 'b'`, 'b'],
    [`import type { A } from './b.ts'`, 'type ./b.ts'],
    [`import type A from './b.ts'`, 'type ./b.ts'],
    [`import { type A, b } from './b.ts'`, './b.ts'],
    [`import { type A } from './b.ts'`, './b.ts'],
    [`import {\n  a,\n  b,\n} from './b.ts'`, './b.ts'],
    [`export { a } from './b.ts'`, './b.ts'],
    [`export * from './b.ts'`, './b.ts'],
    [`export type { A } from './b.ts'`, 'type ./b.ts'],
    [`const b = await import('./b.ts')`, './b.ts'],
    [`type B = import("./b.ts").B`, './b.ts'],
    [`import {a} from'./b.ts'`, './b.ts'],
    [`export const a = 1\nimport { b } from 'b'`, 'b'],
  ])('%s', (text, expected) => expect(all(text)).toEqual([expected]))

  test('comments and other strings are no imports', () => {
    expect(all(`// import 'a'\n/* import 'b' */\nconst c = "it's from 'd'"\nexport const e = 'f'`)).toEqual(
      [],
    )
  })
})

describe('planted violations', () => {
  const plant = (entries: Readonly<Record<string, string>>): SourceFiles => new Map(Object.entries(entries))
  const importing = (path: string, specifier: string) =>
    plant({ [path]: `import type { X } from '${specifier}'\n` })

  test.each([
    ['src/base/x.ts', 'node:fs'],
    ['src/base/x.ts', '../messages/message.ts'],
    ['src/messages/x.ts', 'zod'],
    ['src/messages/x.ts', 'node:crypto'],
    ['src/messages/x.ts', '../pbft/step.ts'],
    ['src/messages/x.ts', '../ports.ts'],
    ['src/ports.ts', './pbft/state.ts'],
    ['src/crypto/x.ts', '../messages/message.ts'],
    ['src/crypto/x.ts', 'msgpackr'],
    ['src/pbft/x.ts', 'node:events'],
    ['src/pbft/views/x.ts', '../oral/claims.ts'],
    ['src/pbft/oral/x.ts', '../signed/decisions.ts'],
    ['src/pbft/relevance.ts', './signed/signed-mode.ts'],
    ['src/runtime/x.ts', '../pbft/oral/oral-mode.ts'],
    ['src/pbft/x.ts', 'fast-check'],
    ['src/pbft/x.ts', '../runtime/sealer.ts'],
    ['src/pbft/x.ts', '../ports.ts'],
    ['src/pbft/x.ts', '../store/application.ts'],
    ['src/session/x.ts', '../pbft/state.ts'],
    ['src/session/x.ts', 'node:crypto'],
    ['src/tree/x.ts', '../messages/message.ts'],
    ['src/store/x.ts', '../messages/message.ts'],
    ['src/store/x.ts', 'classic-level'],
    ['src/classics/x.ts', '../pbft/state.ts'],
    ['src/runtime/x.ts', '../io/system.ts'],
    ['src/runtime/x.ts', '../crypto/suites.ts'],
    ['src/runtime/x.ts', 'node:net'],
    ['src/io/x.ts', '../pbft/state.ts'],
    ['src/io/x.ts', '../runtime/sealer.ts'],
    ['src/simulator/x.ts', '../io/system.ts'],
    ['src/simulator/x.ts', '../../attacks/catalogue.ts'],
    ['src/runtime/x.ts', '../../replicas/replica.ts'],
    ['src/io/x.ts', '../../clients/library.ts'],
    ['src/pbft/x.ts', '../../attacks/liar.ts'],
    ['src/base/x.ts', '../../test/kit/cluster-kit.ts'],
    ['replicas/x.ts', '../attacks/liar.ts'],
    ['replicas/x.ts', '../clients/library.ts'],
    ['replicas/x.ts', '../test/kit/cluster-kit.ts'],
    ['clients/x.ts', '../attacks/liar.ts'],
    ['clients/x.ts', '../replicas/replica.ts'],
    ['clients/library/x.ts', '../cli/main.ts'],
    ['attacks/x.ts', '../clients/gateway/server.ts'],
    ['attacks/x.ts', '../clients/bench/measure.ts'],
    ['attacks/x.ts', '../clients/cli/main.ts'],
    ['clients/library/x.ts', '../gateway/server.ts'],
    ['clients/library/x.ts', '../../attacks/catalogue.ts'],
    ['src/elsewhere/x.ts', '../base/assert.ts'],
  ])('%s must not import %s', (path, specifier) => {
    expect(layerViolations(importing(path, specifier))).toHaveLength(1)
  })

  test.each([
    ['src/pbft/x.ts', '../messages/message.ts'],
    ['src/messages/x.ts', 'msgpackr'],
    ['src/simulator/x.ts', '../pbft/step.ts'],
    ['clients/cli/x.ts', '../../attacks/runner.ts'],
    ['clients/cli/x.ts', '../../replicas/replica.ts'],
    ['clients/cli/x.ts', '../gateway/server.ts'],
    ['attacks/x.ts', '../replicas/replica.ts'],
    ['attacks/x.ts', '../clients/library/store-client.ts'],
    ['clients/gateway/x.ts', '../library/store-client.ts'],
    ['src/crypto/x.ts', '@noble/hashes/sha2.js'],
  ])('%s may import %s', (path, specifier) => {
    expect(layerViolations(importing(path, specifier))).toEqual([])
  })

  test('a cycle is found, through any number of files; a cycle of types is none', () => {
    const cycle = { 'src/pbft/a.ts': `import './b.ts'`, 'src/pbft/b.ts': `export * from './c.ts'` }
    const closed = plant({ ...cycle, 'src/pbft/c.ts': `import { a } from './a.ts'` })
    expect(importCycle(closed)).toEqual(['src/pbft/a.ts', 'src/pbft/b.ts', 'src/pbft/c.ts', 'src/pbft/a.ts'])
    expect(importCycle(plant({ ...cycle, 'src/pbft/c.ts': `import type { A } from './a.ts'` }))).toBeNull()
    expect(importCycle(plant({ 'src/pbft/a.ts': `import './a.ts'` }))).toHaveLength(2)
  })

  test('an import of nothing is found', () => {
    expect(danglingImports(importing('src/pbft/x.ts', './gone.ts'))).toHaveLength(1)
  })

  test.each([
    'const now = Date.now()',
    'const dice = Math.random()',
    'setTimeout(() => {}, 1)',
    'if (process.env.DEBUG) {}',
    'console.log(1)',
    'const today = new Date()',
    'export async function step() {}',
    'const later = new Promise(() => {})',
  ])('impure: %s', (line) => {
    for (const folder of ['base', 'pbft', 'session', 'tree', 'store', 'classics']) {
      expect(impureFiles(plant({ [`src/${folder}/x.ts`]: line }))).toHaveLength(1)
    }
    expect(impureFiles(plant({ 'src/io/x.ts': line }))).toEqual([])
    expect(impureFiles(plant({ 'src/pbft/x.ts': `// ${line}` }))).toEqual([])
  })

  test('a second mint of Verified is found, a comment about it is not', () => {
    const mints = [
      'return x as Verified<Vote>',
      'return x as unknown as Verified<Vote>',
      'return <Verified<Vote>>x',
    ]
    for (const mint of mints) {
      expect(mintedElsewhere(plant({ 'src/pbft/x.ts': mint }))).toHaveLength(1)
      expect(mintedElsewhere(plant({ 'attacks/x.ts': mint }))).toHaveLength(1)
      expect(mintedElsewhere(plant({ [MINT]: mint }))).toEqual([])
    }
    expect(mintedElsewhere(plant({ 'src/pbft/x.ts': '// never cast as Verified' }))).toEqual([])
  })

  test('a file of 401 lines is found, one of 400 is not', () => {
    expect(longFiles(plant({ 'src/pbft/x.ts': 'a\n'.repeat(401) }))).toHaveLength(1)
    expect(longFiles(plant({ 'src/pbft/x.ts': 'a\n'.repeat(400) }))).toEqual([])
  })

  test.each([
    'src/pbft/viewChange.ts',
    'src/pbft/ViewChange.ts',
    'src/pbft/view_change.ts',
    'src/viewChange/a.ts',
  ])('a wrong name: %s', (path) => expect(misnamedFiles(plant({ [path]: '' }))).toEqual([path]))
})
