/**
 * Secret sharing: Shamir, "How to Share a Secret" (1979); the check of shares by commitments is Feldman's, "A Practical
 * Scheme for Non-interactive Verifiable Secret Sharing" (1987). Any k of n shares give the secret, and k - 1 say nothing
 * of it: the secret is the value at 0 of a random polynomial of degree k - 1, and share i its value at i.
 *
 * Feldman's dealer also publishes g^a for each coefficient a. A share s of i is right if and only if g^s is the product
 * of the commitments to the power of i^j. The arithmetic is that of @noble/curves.
 */
import { Field, type IField } from '@noble/curves/abstract/modular.js'

export interface Share {
  /** The point, 1 .. n. */
  readonly index: number
  readonly value: bigint
}

/** A subgroup of prime order of the numbers modulo a prime. */
export interface Group {
  readonly modulus: bigint
  readonly order: bigint
  readonly generator: bigint
}

/** The smallest example: 2 has the order 11 modulo 23. Everything about it can be walked through. */
export const SMALL_GROUP: Group = { modulus: 23n, order: 11n, generator: 2n }

/** Returns the shares of n holders. The coefficients are the secret, then k - 1 random numbers. */
export function deal(order: bigint, coefficients: readonly bigint[], n: number): readonly Share[] {
  const field = Field(order)
  return Array.from({ length: n }, (_, place) => {
    const x = BigInt(place + 1)
    const value = coefficients.reduceRight((sum, each) => field.add(field.mul(sum, x), each), 0n)
    return { index: place + 1, value }
  })
}

/** Returns the secret of k shares: Lagrange's interpolation at 0. */
export function reconstruct(order: bigint, shares: readonly Share[]): bigint {
  const field = Field(order)
  return shares.reduce((sum, { index, value }) => {
    const others = shares.filter((other) => other.index !== index)
    const weight = others.reduce((product, other) => {
      const x = BigInt(other.index)
      return field.mul(product, field.div(x, field.sub(x, BigInt(index))))
    }, 1n)
    return field.add(sum, field.mul(value, weight))
  }, 0n)
}

/** Returns what the dealer publishes: a commitment for each coefficient. */
export function commit({ modulus, generator }: Group, coefficients: readonly bigint[]): readonly bigint[] {
  const field = Field(modulus)
  return coefficients.map((coefficient) => field.pow(generator, coefficient))
}

/** True if a share is that of the polynomial that the commitments bind the dealer to. */
export function isRight(group: Group, commitments: readonly bigint[], { index, value }: Share): boolean {
  const { modulus, order, generator } = group
  const field = Field(modulus)
  const exponents: IField<bigint> = Field(order)
  let power = 1n
  let product = 1n
  for (const commitment of commitments) {
    product = field.mul(product, field.pow(commitment, power))
    power = exponents.mul(power, BigInt(index))
  }
  return field.eql(product, field.pow(generator, value))
}
