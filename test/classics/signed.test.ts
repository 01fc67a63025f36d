/** Agreement with signatures: SM(m) and Dolev–Strong, with any number of traitors, and with a round too few. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { dolevStrong } from '../../src/classics/agreement/dolev-strong.ts'
import {
  encodeChain,
  isGenuine,
  readChain,
  signOn,
  unsigned,
} from '../../src/classics/agreement/signature-chain.ts'
import { signedMessages } from '../../src/classics/agreement/signed-messages.ts'
import { runRounds } from '../../src/simulator/classics/run-rounds.ts'
import { lyingSigners } from '../../src/simulator/classics/traitors.ts'
import { deeper } from '../kit/depth.ts'
import { alike, draw, everySet, expectAgreement, explore, sealsOf, sendersValue } from './generals-kit.ts'

interface Size {
  readonly n: number
  /** m, or f. */
  readonly tolerated: number
  readonly traitors: number
}

describe('SM(m)', () => {
  const exploreAll = ({ n, tolerated, traitors }: Size) => {
    const seals = sealsOf(n)
    return explore({
      algorithm: signedMessages({ n, traitors: tolerated, seals }),
      inputs: alike(n),
      traitorSets: everySet(n, traitors),
      behaviour: (set) => lyingSigners({ n, seals, traitors: set }),
      mustBe: sendersValue(0),
    })
  }

  const sizes = [
    { n: 4, tolerated: 1, traitors: 1 },
    { n: 3, tolerated: 1, traitors: 1 },
  ]
  test.each(deeper(sizes, [...sizes, { n: 4, tolerated: 2, traitors: 2 }]))(
    'n = $n, m = $tolerated: whatever $traitors traitors do, the loyal ones agree',
    (size) => {
      const { faults, outcomes } = exploreAll(size)
      expect(faults).toEqual({})
      expect(outcomes).toBeGreaterThan(4)
    },
  )

  test('SM(1) with two traitors: one lieutenant hears of a second value too late to tell', () => {
    expect(exploreAll({ n: 4, tolerated: 1, traitors: 2 }).faults).toEqual({
      disagreement: expect.any(Number),
    })
  })

  test.each([
    [7, 2, 40],
    [6, 4, 6],
    [10, 3, 6],
  ])('n = %i, m = %i: agreement over seeds', (n, m, seeds) => {
    const seals = sealsOf(n)
    const algorithm = signedMessages({ n, traitors: m, seals })
    for (let seed = 1; seed <= deeper(Math.ceil(seeds / 3), seeds); seed++) {
      const { values, faulty, choose } = draw(seed, n, m)
      const treason = { traitors: faulty, behaviour: lyingSigners({ n, seals, traitors: faulty }), choose }
      const run = runRounds({ algorithm, values, treason })
      expectAgreement(run, faulty, sendersValue(0)(values, faulty))
    }
  })
})

describe('Dolev–Strong', () => {
  const exploreAll = ({ n, tolerated, traitors, rounds }: Size & { readonly rounds: number }) => {
    const seals = sealsOf(n)
    return explore({
      algorithm: dolevStrong({ n, faults: tolerated, rounds, seals }),
      inputs: alike(n),
      traitorSets: everySet(n, traitors),
      behaviour: (set) => lyingSigners({ n, seals, traitors: set }),
      mustBe: sendersValue(0),
    })
  }

  const enough = { n: 4, tolerated: 1, traitors: 1, rounds: 2 }
  test.each(deeper([enough], [enough, { n: 4, tolerated: 2, traitors: 2, rounds: 3 }]))(
    'n = $n, f = $tolerated: whatever $traitors traitors do, the others agree',
    (size) => {
      expect(exploreAll(size).faults).toEqual({})
    },
  )

  const tooFew = { n: 4, tolerated: 1, traitors: 1, rounds: 1 }
  test.each(deeper([tooFew], [tooFew, { n: 4, tolerated: 2, traitors: 2, rounds: 2 }]))(
    'f = $tolerated: $rounds rounds are one too few',
    (size) => {
      expect(exploreAll(size).faults).toEqual({ disagreement: expect.any(Number) })
    },
  )

  test.each([
    [7, 2, 40],
    [10, 3, 6],
  ])('n = %i, f = %i: agreement over seeds', (n, faults, seeds) => {
    const seals = sealsOf(n)
    const algorithm = dolevStrong({ n, faults, seals })
    for (let seed = 1; seed <= deeper(Math.ceil(seeds / 3), seeds); seed++) {
      const { values, faulty, choose } = draw(seed, n, faults)
      const treason = { traitors: faulty, behaviour: lyingSigners({ n, seals, traitors: faulty }), choose }
      const run = runRounds({ algorithm, values, treason })
      expectAgreement(run, faulty, sendersValue(0)(values, faulty))
    }
  })
})

describe('a chain of signatures', () => {
  const [zero, one, two] = sealsOf(3)
  if (zero === undefined || one === undefined || two === undefined) throw new Error('three have seals')
  const chain = signOn(signOn(unsigned(1), 0, zero), 1, one)

  test('is genuine as it was signed, and reads back as it was written', () => {
    expect(isGenuine(chain, two)).toBe(true)
    const read = readChain(encodeChain(chain), 3)
    expect(read === null ? null : toHex(encodeChain(read))).toBe(toHex(encodeChain(chain)))
  })

  test.each([
    ['another value', { ...chain, value: 0 }],
    ['another order', { ...chain, signers: [1, 0] }],
    ['another signer', { ...chain, signers: [0, 2] }],
    ['a signer left out', { ...chain, signers: [1], signatures: chain.signatures.subarray(64) }],
    ['a forged signature', signOn(signOn(unsigned(1), 0, one), 1, one)],
  ])('is not with %s', (_name, changed) => expect(isGenuine(changed, two)).toBe(false))

  test.each([
    ['nothing', new Uint8Array(0)],
    ['a stranger', encodeChain({ ...chain, signers: [0, 3] })],
    ['one who signs twice', encodeChain({ ...chain, signers: [0, 0] })],
    ['a signature too few', encodeChain({ ...chain, signatures: chain.signatures.subarray(64) })],
  ])('%s is no chain', (_name, payload) => expect(readChain(payload, 3)).toBeNull())
})
