/** Lets matchers compare bytes at once. By themselves they take them one by one, and a second for a hundred kilobytes. */
import { expect } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'

const isPlain = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.constructor === Uint8Array

/** Files that share a worker share its matchers, and each of them comes by here. */
const shared: { compareBytes?: true } = globalThis as object
if (shared.compareBytes === undefined) {
  shared.compareBytes = true
  expect.addEqualityTesters([(a, b) => (isPlain(a) && isPlain(b) ? equalBytes(a, b) : undefined)])
}
