/** Proofs: what they show, and that no changed byte of one is believed. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, toHex } from '../../src/base/bytes.ts'
import { Tree } from '../../src/tree/tree.ts'
import { verifyProof } from '../../src/tree/verify-proof.ts'
import { deeper } from '../kit/depth.ts'
import { apply, change, hash, type Model, runs } from './tree-kit.ts'

const keyOf = (index: number): Uint8Array => hash(Uint8Array.of(index >> 8, index)).subarray(0, 12)

function grown() {
  const tree = new Tree(hash)
  for (let index = 0; index < 400; index++) tree.set(keyOf(index), new Uint8Array(40).fill(index))
  tree.set(keyOf(9), new Uint8Array(1_100).fill(5))
  const snapshot = tree.snapshot()
  return { snapshot, root: snapshot.hashAll() }
}

describe('a proof', () => {
  test('shows the value of every key and the absence of any other', () => {
    fc.assert(
      fc.property(runs, fc.array(change, { maxLength: 10 }), (all, probes) => {
        const tree = new Tree(hash)
        const model: Model = new Map()
        for (const each of all.flat()) apply(tree, model, each)
        const snapshot = tree.snapshot()
        const root = snapshot.hashAll()
        for (const { key } of [...probes, ...all.flat().slice(0, 20)]) {
          const value = model.get(toHex(key))
          const verdict = verifyProof(hash, { root, key, proof: snapshot.prove(key) })
          expect(verdict.kind === 'present' ? verdict.value.slice() : verdict.kind).toEqual(value ?? 'absent')
        }
      }),
      { numRuns: deeper(6, 20) },
    )
  })

  test.each([
    ['a small value', keyOf(8), 'present'],
    ['a large value', keyOf(9), 'present'],
    ['an absence', keyOf(900), 'absent'],
  ])('of %s holds for no changed byte, no other root and no other length', (_, key, kind) => {
    const { snapshot, root } = grown()
    const proof = snapshot.prove(key)
    expect(verifyProof(hash, { root, key, proof }).kind).toBe(kind)
    for (let at = 0; at < proof.length; at++) {
      const changed = proof.slice()
      changed[at] = (changed[at] as number) ^ (1 << (at % 8))
      expect(verifyProof(hash, { root, key, proof: changed }).kind).toBe('rejected')
      expect(verifyProof(hash, { root, key, proof: proof.subarray(0, at) }).kind).toBe('rejected')
    }
    expect(verifyProof(hash, { root, key, proof: concatBytes(proof, Uint8Array.of(0)) }).kind).toBe(
      'rejected',
    )
    const other = root.slice()
    other[31] = (other[31] as number) ^ 1
    expect(verifyProof(hash, { root: other, key, proof }).kind).toBe('rejected')
  })

  test('of one key proves nothing about a key of another page', () => {
    const { snapshot, root } = grown()
    const proof = snapshot.prove(keyOf(8))
    const verdicts = Array.from(
      { length: 400 },
      (_, index) => verifyProof(hash, { root, key: keyOf(index), proof }).kind,
    )
    // Keys of the same leaf are proved too; the others are refused, not absent.
    expect(verdicts).not.toContain('absent')
    expect(verdicts.filter((kind) => kind === 'rejected').length).toBeGreaterThan(300)
  })

  test('of a large value does without it in no way', () => {
    const { snapshot, root } = grown()
    const proof = snapshot.prove(keyOf(9))
    const page = proof.subarray(proof.length - (4 + 3 + 12 + 1_100))
    const without = proof.slice(0, proof.length - page.length)
    without[0] = (without[0] as number) - 1
    expect(verifyProof(hash, { root, key: keyOf(9), proof: without })).toEqual({
      kind: 'rejected',
      fault: 'malformed',
    })
  })
})
