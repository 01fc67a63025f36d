/** The duties of every crypto suite to the rest of the code, and where two of them differ. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import type { CryptoSuite } from '../../src/ports.ts'

const sodium = suiteNamed('sodium')
const noble = suiteNamed('noble')
const simulated = suiteNamed('simulated')
const ALL = [sodium, noble, simulated]
const REAL = [sodium, noble]

const hex = (text: string): Uint8Array => {
  const bytes = fromHex(text)
  if (bytes === null) throw new Error(`no hexadecimal: ${text}`)
  return bytes
}
const seedOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  copy[bit >>> 3] = (copy[bit >>> 3] as number) ^ (1 << (bit & 7))
  return copy
}
/** The same bytes in the middle of a larger array buffer, as a view of a received frame is. */
const asView = (bytes: Uint8Array): Uint8Array =>
  concatBytes(seedOf(9), bytes, seedOf(9)).subarray(32, 32 + bytes.length)

/** RFC 8032, section 7.1: TEST 1, 2, 3 and SHA(abc). */
const ED25519_VECTORS = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
  {
    seed: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    publicKey: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    message:
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    signature:
      'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  },
]

/** BLAKE2b, 16 bytes, key 00 01 .. 1f: made with CPython's hashlib.blake2b, a third implementation. */
const MAC_VECTORS = [
  { input: new Uint8Array(0), tag: '3daf97bce7888fd59773c66bf647459c' },
  { input: utf8('abc'), tag: '1a64be47e4729d951c302ee543f97cf3' },
  { input: Uint8Array.from({ length: 300 }, (_, index) => index), tag: 'c09e97dcc64d59d3c458f20c36eb070c' },
]
const MAC_KEY = Uint8Array.from({ length: 32 }, (_, index) => index)

const SMALL_ORDER_POINTS = [
  '0100000000000000000000000000000000000000000000000000000000000000', // order 1
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // order 2
  '0000000000000000000000000000000000000000000000000000000000000000', // order 4
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
]

const NON_CANONICAL_POINTS = [
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // y = p
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', // y = p + 1
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', // y = 2^255 - 1
  '0100000000000000000000000000000000000000000000000000000000000080', // x = 0 with the sign of a negative x
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
]

/** Calls `each` at every bit when a verification is cheap, at every seventh otherwise; 7 and 8 have no common factor. */
function forBits(suite: CryptoSuite, bits: number, each: (bit: number) => void): void {
  for (let bit = 0; bit < bits; bit += suite.name === 'noble' ? 7 : 1) each(bit)
}

describe.each(ALL)('the suite $name', (suite) => {
  const signer = suite.signer(seedOf(1))
  const digest = suite.hash(utf8('what is signed'))
  const signature = signer.sign(digest)
  const { publicKey } = signer

  it('hashes by SHA-256, however the input is cut into parts', () => {
    expect(toHex(suite.hash(utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(toHex(suite.hash())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    for (const size of [0, 1, 100, 2047, 2048, 2049, 10_000]) {
      const whole = Uint8Array.from({ length: size }, (_, index) => index * 7)
      const half = size >>> 1
      const parts = [whole.subarray(0, half), new Uint8Array(0), whole.subarray(half)]
      expect(toHex(suite.hash(...parts))).toBe(toHex(suite.hash(whole)))
    }
  })

  it('gives results that the next call leaves alone', () => {
    const first = [suite.hash(utf8('a'), utf8('b')), suite.mac(seedOf(1), utf8('a')), signer.sign(digest)]
    const kept = first.map(toHex)
    suite.hash(utf8('c'), utf8('d'))
    suite.mac(seedOf(2), utf8('e'))
    signer.sign(suite.hash(utf8('f')))
    expect(first.map(toHex)).toEqual(kept)
  })

  it('signs and verifies, the same every time, views of larger buffers included', () => {
    expect(signature.length).toBe(64)
    expect(publicKey.length).toBe(32)
    expect(toHex(suite.signer(seedOf(1)).sign(asView(digest)))).toBe(toHex(signature))
    expect(suite.verify({ signature, digest, publicKey })).toBe(true)
    const views = { signature: asView(signature), digest: asView(digest), publicKey: asView(publicKey) }
    expect(suite.verify(views)).toBe(true)
  })

  it('keeps a signer when its seed is wiped', () => {
    const seed = seedOf(1)
    const kept = suite.signer(seed)
    seed.fill(0)
    expect(toHex(kept.sign(digest))).toBe(toHex(signature))
  })

  it('refuses every altered bit of the signature, of the digest and of the key', () => {
    forBits(suite, 512, (bit) => {
      expect(suite.verify({ signature: flipped(signature, bit), digest, publicKey })).toBe(false)
    })
    forBits(suite, 256, (bit) => {
      expect(suite.verify({ signature, digest: flipped(digest, bit), publicKey })).toBe(false)
      expect(suite.verify({ signature, digest, publicKey: flipped(publicKey, bit) })).toBe(false)
    })
  })

  it('refuses the signature of a digest that is shorter or longer by zeros', () => {
    const zeros = new Uint8Array(40)
    const signature = signer.sign(zeros.subarray(0, 32))
    for (const length of [0, 28, 31, 33, 35, 36]) {
      expect(suite.verify({ signature, digest: zeros.subarray(0, length), publicKey })).toBe(false)
    }
  })

  it('refuses the signature of another signer', () => {
    const other = suite.signer(seedOf(2))
    expect(suite.verify({ signature: other.sign(digest), digest, publicKey })).toBe(false)
  })

  it('answers false to bytes of any length and never throws', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
    )
    const property = fc.property(bytes, bytes, bytes, (a, b, c) => {
      expect(suite.verify({ signature: a, digest: b, publicKey: c })).toBe(false)
    })
    fc.assert(property, { numRuns: suite.name === 'noble' ? 100 : 500 })
    for (const length of [0, 1, 63, 65, 128]) {
      const cut = concatBytes(signature, signature).subarray(0, length)
      expect(suite.verify({ signature: cut, digest, publicKey })).toBe(false)
    }
    for (const length of [0, 31, 33, 64]) {
      const cut = concatBytes(publicKey, publicKey).subarray(0, length)
      expect(suite.verify({ signature, digest, publicKey: cut })).toBe(false)
    }
  })

  it('makes keyed BLAKE2b MACs, however the input is cut into parts', () => {
    for (const { input, tag } of MAC_VECTORS) {
      expect(toHex(suite.mac(MAC_KEY, input))).toBe(tag)
      expect(toHex(suite.mac(asView(MAC_KEY), asView(input.subarray(0, 2)), input.subarray(2)))).toBe(tag)
    }
    expect(() => suite.mac(new Uint8Array(31))).toThrow('a MAC key has 32 bytes')
  })

  it('checks MACs: every altered bit of the tag, of the key and of the input is refused, and any other length', () => {
    const input = utf8('what is authenticated')
    const tag = suite.mac(MAC_KEY, input)
    expect(suite.verifyMac(tag, MAC_KEY, input)).toBe(true)
    expect(suite.verifyMac(asView(tag), asView(MAC_KEY), input.subarray(0, 5), input.subarray(5))).toBe(true)
    for (let bit = 0; bit < 128; bit++) expect(suite.verifyMac(flipped(tag, bit), MAC_KEY, input)).toBe(false)
    for (let bit = 0; bit < 256; bit++) expect(suite.verifyMac(tag, flipped(MAC_KEY, bit), input)).toBe(false)
    for (let bit = 0; bit < 8 * input.length; bit++) {
      expect(suite.verifyMac(tag, MAC_KEY, flipped(input, bit))).toBe(false)
    }
    for (const length of [0, 1, 15, 17, 32]) {
      expect(suite.verifyMac(concatBytes(tag, tag).subarray(0, length), MAC_KEY, input)).toBe(false)
    }
  })

  it('agrees on one secret from both ends, and on none with a weak key', () => {
    const [a, b, c] = [seedOf(3), seedOf(4), seedOf(5)]
    const shared = suite.agree(a, suite.agreementPublicKey(b))
    expect(shared?.length).toBe(32)
    expect(shared).toEqual(suite.agree(b, suite.agreementPublicKey(a)))
    expect(shared).not.toEqual(suite.agree(c, suite.agreementPublicKey(a)))
    expect(suite.agree(a, new Uint8Array(32))).toBeNull()
    for (const length of [0, 31, 33]) expect(suite.agree(a, new Uint8Array(length).fill(9))).toBeNull()
  })

  it('derives keys by HKDF (RFC 5869, A.1 and A.3, their first 32 bytes)', () => {
    const secret = new Uint8Array(22).fill(0x0b)
    const salt = hex('000102030405060708090a0b0c')
    const info = hex('f0f1f2f3f4f5f6f7f8f9')
    const empty = new Uint8Array(0)
    expect(toHex(suite.deriveKey({ secret, salt, info }))).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf',
    )
    expect(toHex(suite.deriveKey({ secret, salt: empty, info: empty }))).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d',
    )
  })

  it('finds no fault in the keys of its signers, and one in a key of another length', () => {
    for (let byte = 0; byte < 10; byte++) {
      expect(suite.publicKeyFault(suite.signer(seedOf(byte)).publicKey)).toBeNull()
    }
    for (const length of [0, 31, 33])
      expect(suite.publicKeyFault(new Uint8Array(length))).toBe('wrong-length')
  })

  it('takes a secret of the wrong length for our own mistake', () => {
    expect(() => suite.signer(new Uint8Array(31))).toThrow('32 bytes')
    expect(() => suite.agreementPublicKey(new Uint8Array(33))).toThrow('32 bytes')
    expect(() => suite.agree(new Uint8Array(33), seedOf(1))).toThrow('32 bytes')
  })
})

describe.each(REAL)('the real suite $name', (suite) => {
  it.each(ED25519_VECTORS)('signs as RFC 8032 says, public key $publicKey', (vector) => {
    const signer = suite.signer(hex(vector.seed))
    expect(toHex(signer.publicKey)).toBe(vector.publicKey)
    expect(toHex(signer.sign(hex(vector.message)))).toBe(vector.signature)
    const signed = {
      signature: hex(vector.signature),
      digest: hex(vector.message),
      publicKey: signer.publicKey,
    }
    expect(suite.verify(signed)).toBe(true)
  })

  it('agrees as RFC 7748 says (sections 5.2 and 6.1)', () => {
    const scalar = hex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4')
    const point = hex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c')
    const product = 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552'
    expect(toHex(suite.agree(scalar, point) ?? new Uint8Array(0))).toBe(product)
    const bob = hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')
    const alicePublic = hex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')
    expect(toHex(suite.agreementPublicKey(bob))).toBe(
      'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    )
    expect(toHex(suite.agree(bob, alicePublic) ?? new Uint8Array(0))).toBe(
      '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
    )
  })

  it('names the fault of a public key', () => {
    for (const point of SMALL_ORDER_POINTS) expect(suite.publicKeyFault(hex(point))).toBe('small-order')
    for (const point of NON_CANONICAL_POINTS) expect(suite.publicKeyFault(hex(point))).toBe('not-canonical')
    const y2 = new Uint8Array(32)
    y2[0] = 2 // no x belongs to y = 2
    expect(suite.publicKeyFault(y2)).toBe('not-on-curve')
  })

  it('agrees on nothing with any point of small order', () => {
    const order8 = hex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800') // RFC 7748, section 7
    const one = hex('0100000000000000000000000000000000000000000000000000000000000000')
    expect(suite.agree(seedOf(1), order8)).toBeNull()
    expect(suite.agree(seedOf(1), one)).toBeNull()
  })
})

describe('sodium and noble', () => {
  it('verify each other’s signatures and agree on one secret', () => {
    for (let byte = 0; byte < 5; byte++) {
      const digest = sodium.hash(seedOf(byte))
      const signature = sodium.signer(seedOf(byte)).sign(digest)
      const { publicKey } = noble.signer(seedOf(byte))
      expect(noble.verify({ signature, digest, publicKey })).toBe(true)
      expect(sodium.verify({ signature: noble.signer(seedOf(byte)).sign(digest), digest, publicKey })).toBe(
        true,
      )
      const secret = seedOf(byte + 1)
      expect(toHex(sodium.agreementPublicKey(secret))).toBe(toHex(noble.agreementPublicKey(secret)))
    }
  })

  it('make the same MACs, shared secrets and derived keys of any input', () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const property = fc.property(key, key, fc.uint8Array({ maxLength: 300 }), (one, other, bytes) => {
      expect(sodium.verifyMac(noble.mac(one, bytes), one, bytes)).toBe(true)
      expect(noble.verifyMac(sodium.mac(one, bytes), one, bytes)).toBe(true)
      expect(toHex(sodium.agree(one, other) ?? bytes)).toBe(toHex(noble.agree(one, other) ?? bytes))
      const material = { secret: one, salt: other, info: bytes }
      expect(toHex(sodium.deriveKey(material))).toBe(toHex(noble.deriveKey(material)))
    })
    fc.assert(property, { numRuns: 50 })
  })

  it('find the same fault in any 32 bytes', () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const property = fc.property(key, (bytes) => {
      expect(sodium.publicKeyFault(bytes)).toBe(noble.publicKeyFault(bytes))
    })
    fc.assert(property, { numRuns: 200 })
  })
})

/**
 * Why the cluster file fixes the suite: libsodium checks S·B = R + k·A, noble eight times that equation (the cofactor),
 * and libsodium refuses an R of small order. Only the owner of a key can make such signatures, but a traitor owns one.
 */
describe('where sodium and noble judge one signature differently', () => {
  const Point = ed25519.Point
  const order = Point.Fn.ORDER
  const torsion = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')
  const secret = 0x1234_5678_9abc_def1n
  const key = Point.BASE.multiply(secret)
  const nonce = 987_654_321n
  const commitment = Point.BASE.multiply(nonce)

  type CurvePoint = typeof key
  const little = (scalar: bigint): Uint8Array =>
    Uint8Array.from({ length: 32 }, (_, index) => Number((scalar >> BigInt(8 * index)) & 0xffn))
  const scalarOf = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`)

  /** Signs by hand; takes a digest whose challenge k is odd, so that a torsion part cannot vanish from k·A. */
  function oddlySigned(parts: { R: CurvePoint; r: bigint; A: CurvePoint; add?: bigint }) {
    const publicKey = parts.A.toBytes()
    for (let attempt = 0; ; attempt++) {
      const digest = noble.hash(Uint8Array.of(attempt))
      const challenge = scalarOf(sha512(concatBytes(parts.R.toBytes(), publicKey, digest))) % order
      if (challenge % 2n === 0n) continue
      const scalar = ((parts.r + challenge * secret) % order) + (parts.add ?? 0n)
      return { signature: concatBytes(parts.R.toBytes(), little(scalar)), digest, publicKey }
    }
  }

  it('the hand-made signature is sound where nothing is odd about it', () => {
    const signed = oddlySigned({ R: commitment, r: nonce, A: key })
    expect([sodium.verify(signed), noble.verify(signed)]).toEqual([true, true])
  })

  it.each([
    ['a key of mixed order', { R: commitment, r: nonce, A: key.add(torsion) }],
    ['an R of mixed order', { R: commitment.add(torsion), r: nonce, A: key }],
    ['an R of small order', { R: torsion, r: 0n, A: key }],
    ['an R of zero', { R: Point.ZERO, r: 0n, A: key }],
  ])('%s: sodium refuses, noble accepts', (_, parts) => {
    const signed = oddlySigned(parts)
    expect([sodium.verify(signed), noble.verify(signed)]).toEqual([false, true])
  })

  it('an S that is not reduced, a key of small order: both refuse', () => {
    const unreduced = oddlySigned({ R: commitment, r: nonce, A: key, add: order })
    expect([sodium.verify(unreduced), noble.verify(unreduced)]).toEqual([false, false])
    const zeros = new Uint8Array(32)
    for (const publicKey of SMALL_ORDER_POINTS.map(hex)) {
      const forged = { signature: concatBytes(Point.ZERO.toBytes(), zeros), digest: zeros, publicKey }
      expect([sodium.verify(forged), noble.verify(forged)]).toEqual([false, false])
    }
  })

  it('a key of mixed order is no fault in either: one suite judges it alike everywhere', () => {
    const mixed = key.add(torsion).toBytes()
    expect([sodium.publicKeyFault(mixed), noble.publicKeyFault(mixed)]).toEqual([null, null])
  })
})
