/** The bytes on the wire, held by recorded frames: a change that moves one byte is another version of the protocol. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { encodeHello, encodeProof, encodeWelcome, welcomePayload } from '../../src/messages/handshake.ts'
import { HEARTBEAT } from '../../src/messages/heartbeat.ts'
import { KIND_NAMES } from '../../src/messages/kinds.ts'
import { createClusterKit, seedOf } from '../kit/cluster-kit.ts'
import { frameSamples, oralSamples } from '../kit/frame-samples.ts'

const kit = createClusterKit(4)
const keys = { nonce: seedOf(1), ephemeralKey: seedOf(2) }
const hello = {
  clusterId: seedOf(3),
  role: 'replica',
  replicaId: 3,
  publicKey: seedOf(4),
  expected: 1,
} as const
const signature = new Uint8Array(64).fill(7)
const ofLinks = [
  { kind: 'hello', bytes: encodeHello({ ...hello, ...keys }).bytes },
  { kind: 'welcome', bytes: encodeWelcome(welcomePayload({ replicaId: 1, ...keys }), signature).bytes },
  { kind: 'proof', bytes: encodeProof(signature).bytes },
  { kind: 'heartbeat', bytes: HEARTBEAT },
]
const samples = [...frameSamples(kit), ...oralSamples(kit), ...ofLinks]

/** Written again with STRATEGOS_RECORD_WIRE_BYTES=1, together with a new version of the protocol. */
const RECORDED = new URL('./wire-bytes.txt', import.meta.url)

const lines = samples.map(({ kind, bytes }) => `${kind} ${toHex(bytes)}\n`)
if (process.env.STRATEGOS_RECORD_WIRE_BYTES === '1') writeFileSync(RECORDED, lines.join(''))
const recorded = new Map(
  readFileSync(RECORDED, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]),
)

describe('recorded frames', () => {
  test.each(samples)('$kind is byte for byte as it was recorded', ({ kind, bytes }) => {
    expect(toHex(bytes)).toBe(recorded.get(kind))
  })

  test('there is one for each kind, and none for a kind that is gone', () => {
    expect([...recorded.keys()].sort()).toEqual([...KIND_NAMES].sort())
  })
})
