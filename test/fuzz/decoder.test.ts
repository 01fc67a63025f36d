/**
 * Whatever bytes a peer sends: a message or a named rejection, never an exception, never bytes left over, never an
 * assertion of ours.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { equalBytes, toHex, writeU16, writeU32 } from '../../src/base/bytes.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import { encodeFrame, splitFrame } from '../../src/messages/frame.ts'
import { FRAME_KINDS, isFrameKind } from '../../src/messages/kinds.ts'
import type { Evidence } from '../../src/messages/message.ts'
import { type Payload, packPayload, unpackPayload } from '../../src/messages/payload.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { createEvidenceVerifier } from '../../src/runtime/authentication/evidence-check.ts'
import { createClusterKit, suite } from '../kit/cluster-kit.ts'
import { deeper } from '../kit/depth.ts'
import { frameSamples, oralSamples, type Sample, signatureOf } from '../kit/frame-samples.ts'

const kit = createClusterKit(4)
const samples = [...frameSamples(kit), ...oralSamples(kit)]
const EMPTY = new Uint8Array(0)
const SIGNED = ['request', 'pre-prepare', 'prepare', 'commit']

/** True if it is a signed message that the samples cite: whatever else is shown as one was never said. */
const isCited = (envelope: Uint8Array): boolean =>
  samples.some(({ bytes }) => toHex(bytes).includes(toHex(envelope)))

const verifyEvidence = createEvidenceVerifier({ cluster: kit.cluster, suite })

/** Its receiver checks evidence: proved messages were really sent. */
function expectTrue({ first, second }: Evidence): void {
  const verdict = verifyEvidence({ first: first.envelope, second: second.envelope })
  if (verdict.kind === 'not-proved') return
  for (const { envelope } of [first, second]) expect(isCited(envelope)).toBe(true)
}

/** Decodes, authenticates and checks the invariants for any bytes. Returns the reason of a rejection. */
function survive(bytes: Uint8Array, from: Sample['from'] = kit.replicaPeer(1)): string | null {
  const before = bytes.slice()
  const message = decodeMessage(bytes, kit.tools)
  // So often that matchers would take most of the time.
  if (!equalBytes(bytes, before)) throw new Error(`decoding changed ${toHex(before)}`)
  if (isRejection(message)) {
    if (!/^[a-z-]+$/.test(message.reason)) throw new Error(`a reason without a name: ${message.reason}`)
    return message.reason
  }
  // Taken means taken whole, in the one encoding that it has.
  expect(message.bytes).toBe(bytes)
  const frame = splitFrame(bytes)
  if (isRejection(frame)) throw new Error('a message from no frame')
  const items = unpackPayload(frame.payload)
  if (isRejection(items)) throw new Error('a message from no payload')
  const again = encodeFrame({ ...frame, payload: packPayload(items) })
  expect(toHex(again.bytes)).toBe(toHex(before))
  const verified = kit.authenticated(message, from)
  if (isRejection(verified)) return verified.reason
  if (message.kind === 'recollection') {
    for (const { envelope } of message.remembered) expect(isCited(envelope)).toBe(true)
  }
  if (message.kind === 'exhibit') {
    for (const { envelope } of message.messages) expect(isCited(envelope)).toBe(true)
  }
  if (message.kind === 'evidence') {
    for (const proof of message.proofs) expectTrue(proof)
  }
  if (SIGNED.includes(message.kind)) {
    expect(samples.some((sample) => equalBytes(sample.bytes, bytes))).toBe(true)
  }
  return null
}

type Mutation = (bytes: Uint8Array) => Uint8Array

const position = fc.nat({ max: 4_000 })
const flip = fc.tuple(position, fc.integer({ min: 1, max: 255 })).map(
  ([at, by]): Mutation =>
    (bytes) => {
      const copy = Uint8Array.from(bytes)
      const index = at % bytes.length
      copy[index] = (copy[index] ?? 0) ^ by
      return copy
    },
)
const truncate = position.map(
  (at): Mutation =>
    (bytes) =>
      bytes.slice(0, at % bytes.length),
)
const insert = fc.tuple(position, fc.uint8Array({ minLength: 1, maxLength: 40 })).map(
  ([at, more]): Mutation =>
    (bytes) => {
      const index = at % (bytes.length + 1)
      const copy = new Uint8Array(bytes.length + more.length)
      copy.set(bytes.subarray(0, index))
      copy.set(more, index)
      copy.set(bytes.subarray(index), index + more.length)
      return copy
    },
)
const remove = fc.tuple(position, fc.integer({ min: 1, max: 40 })).map(
  ([at, count]): Mutation =>
    (bytes) => {
      const index = at % bytes.length
      const rest = bytes.subarray(Math.min(index + count, bytes.length))
      const copy = new Uint8Array(index + rest.length)
      copy.set(bytes.subarray(0, index))
      copy.set(rest, index)
      return copy
    },
)
const length16 = fc.tuple(position, fc.integer({ min: 0, max: 0xffff })).map(
  ([at, value]): Mutation =>
    (bytes) => {
      const copy = Uint8Array.from(bytes)
      if (bytes.length >= 2) writeU16(copy, at % (bytes.length - 1), value)
      return copy
    },
)
const length32 = fc.tuple(position, fc.nat({ max: 0xffff_ffff })).map(
  ([at, value]): Mutation =>
    (bytes) => {
      const copy = Uint8Array.from(bytes)
      if (bytes.length >= 4) writeU32(copy, at % (bytes.length - 3), value)
      return copy
    },
)
/** Corrects the outer length, so that the contents are decoded. */
const settleLength: Mutation = (bytes) => {
  const copy = Uint8Array.from(bytes)
  if (copy.length >= 4) writeU32(copy, 0, copy.length - 4)
  return copy
}
const mutations = fc.array(fc.oneof(flip, truncate, insert, remove, length16, length32), {
  minLength: 1,
  maxLength: 4,
})

describe('bytes from nowhere', () => {
  test('random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void survive(bytes)),
      { numRuns: deeper(800, 2_500) },
    )
  })

  test('random bytes behind a right header of every kind', () => {
    const kinds = fc.constantFrom(...Object.values(FRAME_KINDS))
    const parts = fc.tuple(kinds, fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ maxLength: 200 }))
    fc.assert(
      fc.property(parts, ([kind, payload, body]) => {
        survive(encodeFrame({ kind, payload, authentication: EMPTY, body }).bytes)
      }),
      { numRuns: deeper(800, 2_500) },
    )
  })

  test('well-formed payloads of any shape and body, signed by a member, of every kind', () => {
    const number = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat())
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    const item = fc.oneof(number, bytes, fc.array(number, { maxLength: 20 }))
    const parts = fc.tuple(
      fc.constantFrom(...Object.values(FRAME_KINDS)),
      fc.array(item, { maxLength: 11 }),
      fc.uint8Array({ maxLength: 250 }),
    )
    fc.assert(
      fc.property(parts, ([kind, items, body]) => {
        const payload = packPayload(items as Payload)
        const authentication = signatureOf(kit, kit.replicaPeer(1), kind, payload)
        const frame = encodeFrame({ kind, payload, authentication, body })
        const message = decodeMessage(frame.bytes, kit.tools)
        if (isRejection(message)) return
        kit.authenticated(message, kit.replicaPeer(1))
      }),
      { numRuns: deeper(800, 2_500) },
    )
  })
})

describe.each(samples)('a $kind', (sample) => {
  test('survives every single byte being another', () => {
    for (let at = 0; at < sample.bytes.length; at++) {
      for (const by of [1, 0x80, 0xff]) {
        const copy = Uint8Array.from(sample.bytes)
        copy[at] = (copy[at] ?? 0) ^ by
        survive(copy, sample.from)
      }
    }
  })

  test('survives flips, cuts, insertions and spliced lengths, and is not taken for authentic', () => {
    fc.assert(
      fc.property(mutations, fc.boolean(), (applied, isSettled) => {
        let { bytes } = sample
        for (const mutate of applied) if (bytes.length > 0) bytes = mutate(bytes)
        survive(isSettled ? settleLength(bytes) : bytes, sample.from)
      }),
      { numRuns: deeper(250, 700) },
    )
  })

  test('survives being shown as every other kind', () => {
    for (let kind = 0; kind < 256; kind++) {
      if (kind === FRAME_KINDS[sample.kind]) continue
      const copy = Uint8Array.from(sample.bytes)
      copy[4] = kind
      const reason = survive(copy, sample.from)
      if (!isFrameKind(kind)) expect(reason).toBe('unknown-kind')
      else if (SIGNED.includes(sample.kind)) expect(reason).not.toBeNull()
    }
  })
})

describe('announced and not there', () => {
  test('no announced length or count allocates anything: 200,000 hostile headers cost no memory', () => {
    const hostile = [
      [0xff, 0xff, 0xff, 0xff],
      [0, 0x7f, 0xff, 0xff, 2, 0, 0],
      [0, 0, 0, 8, 3, 0, 3, 0xdc, 0xff, 0xff, 0, 0],
      [0, 0, 0, 8, 3, 0, 3, 0xc5, 0xff, 0xff, 0, 0],
      [0, 0, 0, 10, 3, 0, 5, 0xdd, 0xff, 0xff, 0xff, 0xff, 0, 0],
      [0, 0, 0, 10, 3, 0, 5, 0xc6, 0xff, 0xff, 0xff, 0xff, 0, 0],
      [0, 0, 0, 19, 8, 0, 4, 0x93, 1, 1, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0xff],
      [0, 0, 0, 9, 9, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
    ].map((bytes) => Uint8Array.from(bytes))
    const before = process.memoryUsage()
    let taken = 0
    for (let round = 0; round < deeper(8_000, 25_000); round++) {
      for (const bytes of hostile) if (!isRejection(decodeMessage(bytes, kit.tools))) taken++
    }
    const after = process.memoryUsage()
    expect(taken).toBe(0)
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 * 1024 * 1024)
  })
})
