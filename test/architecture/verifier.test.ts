/** The verifier stands alone: what it imports, at any depth, is the project's own or @noble, and no part of Node. */
import { expect, test } from 'vitest'
import { importsOf, readSourceFiles, withoutComments } from '../kit/source-files.ts'

test('strategos/verify imports nothing but @noble', () => {
  const files = readSourceFiles(['src', 'clients'])
  const visited = new Set<string>()
  const packages = new Set<string>()
  const visit = (path: string): void => {
    if (visited.has(path)) return
    visited.add(path)
    for (const { specifier, target, isTypeOnly } of importsOf(path, files.get(path) ?? '')) {
      if (isTypeOnly) continue
      if (target === null) packages.add(specifier)
      else visit(target)
    }
  }
  visit('clients/verify/index.ts')
  expect(visited.size).toBeGreaterThan(20)
  expect([...packages].sort()).toEqual(['@noble/ed25519', '@noble/hashes/sha2.js'])
  const names = [...visited].filter((path) =>
    /\b(Buffer|process|require)[.(]/.test(withoutComments(files.get(path) ?? '')),
  )
  expect(names).toEqual([])
})
