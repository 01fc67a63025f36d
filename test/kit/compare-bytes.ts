/**
 * Makes matchers compare byte arrays at once. By default they compare byte by byte, which takes a second for a hundred
 * kilobytes.
 */
import { expect } from 'vitest'
import { equalBytes } from '../../src/base/bytes.ts'

const isPlain = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.constructor === Uint8Array

/** Files that share a worker share its matchers, and each file calls this. */
const shared: { compareBytes?: true } = globalThis as object
if (shared.compareBytes === undefined) {
  shared.compareBytes = true
  expect.addEqualityTesters([(a, b) => (isPlain(a) && isPlain(b) ? equalBytes(a, b) : undefined)])
}
