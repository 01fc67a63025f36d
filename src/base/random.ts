import { assert } from './assert.ts'

/** A seeded random number generator: the same seed gives the same numbers on every machine. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** A whole number in 0 .. limit - 1. */
  below(limit: number): number
  /** A whole number in from .. to, both included. */
  between(from: number, to: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  pick<T>(values: readonly T[]): T
  /** A shuffled copy. */
  shuffle<T>(values: readonly T[]): T[]
  /** Returns an independent generator: drawing from it does not change what this one returns next. */
  fork(): Random
}

/** xoshiro128** by Blackman and Vigna, its state filled from the seed by splitmix32. */
export function createRandom(seed: number): Random {
  let mixer = seed >>> 0
  const mix = (): number => {
    mixer = (mixer + 0x9e3779b9) >>> 0
    let z = mixer ^ Math.floor(seed / 0x1_0000_0000)
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let a = mix()
  let b = mix()
  let c = mix()
  let d = mix() | 1 // never all zero

  const nextU32 = (): number => {
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }

  const random: Random = {
    next: () => nextU32() / 0x1_0000_0000,
    below: (limit) => Math.floor(random.next() * limit),
    between: (from, to) => from + random.below(to - from + 1),
    chance: (probability) => random.next() < probability,
    pick: (values) => {
      assert(values.length > 0, 'nothing to pick from')
      return values[random.below(values.length)] as (typeof values)[number]
    },
    shuffle: (values) => {
      const copy = [...values]
      for (let index = copy.length - 1; index > 0; index--) {
        const other = random.below(index + 1)
        const held = copy[index] as (typeof copy)[number]
        copy[index] = copy[other] as (typeof copy)[number]
        copy[other] = held
      }
      return copy
    },
    fork: () => createRandom(nextU32()),
  }
  return random
}
