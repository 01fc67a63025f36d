/** Proved reads: a value and an absence are checked with public keys alone, and no false one passes. */
import { describe, expect, test } from 'vitest'
import { nobleProofCrypto } from '../../clients/verify/noble.ts'
import { verifyRead } from '../../clients/verify/read-proof.ts'
import type { ProofFault } from '../../clients/verify/refusal.ts'
import { concatBytes, toHex, utf8 } from '../../src/base/bytes.ts'
import { encodeCertificate } from '../../src/messages/certificate.ts'
import { seedOf } from '../kit/cluster-kit.ts'
import { flipped, type Loose, loose } from './proof-kit.ts'
import { CertifiedStore, LARGE } from './state-kit.ts'

const kit = new CertifiedStore()
const { context } = kit.signing
const state = await kit.open()
const present = await state.prove(utf8('colour'))
const absent = await state.prove(utf8('color'))
const large = await state.prove(utf8('large'))

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const bytesOf = (text: unknown): Uint8Array => Uint8Array.from(Buffer.from(text as string, 'base64'))
const certifiedBy = (...args: Parameters<typeof kit.certificate>) => base64(kit.certificate(...args))
const set =
  (name: string, value: unknown) =>
  (document: Loose): Loose => ({ ...document, [name]: value })
const says =
  (member: string, value: unknown) =>
  (document: Loose): Loose => ({
    ...document,
    says: { ...(document['says'] as object), [member]: value },
  })
/** The certificate with one envelope replaced. */
const envelope = (index: number, bytes: Uint8Array) =>
  set(
    'certificate',
    base64(
      encodeCertificate([0, 1, 2].map((id) => ({ envelope: id === index ? bytes : kit.checkpoint(id) }))),
    ),
  )

/** The last page of a proof, which is its leaf, in a frame of its own. */
function lastPageOf(proof: unknown): string {
  const bytes = bytesOf(proof)
  let at = 1
  let last = bytes
  for (let index = 0; index < (bytes[0] ?? 0); index++) {
    const length = Buffer.from(bytes).readUInt32BE(at)
    last = bytes.subarray(at, at + 4 + length)
    at += 4 + length
  }
  return base64(concatBytes(Uint8Array.of(1), last))
}

type Forgery = readonly [name: string, fault: ProofFault, forge: (document: Loose) => unknown]

/** Forgeries of a proof, whatever it proves. */
const FORGERIES: readonly Forgery[] = [
  ['no document', 'form', () => null],
  ['a receipt by its mark', 'form', set('strategos', 'receipt')],
  ['another version', 'version', set('version', 0)],
  ['a member too many', 'form', set('value', 'green')],
  ['no counters', 'form', set('counters', undefined)],
  ['a key that is not base64', 'form', set('key', '*')],
  ['an empty key', 'form', set('key', '')],
  ['another cluster', 'other-cluster', set('clusterId', toHex(seedOf(5)))],
  [
    'the other answer in words',
    'says',
    (document) => says('present', !(document['says'] as { present: boolean }).present)(document),
  ],
  ['another key in words', 'says', says('key', 'colours')],
  ['another revision in words', 'says', says('revision', 1)],
  ['a later sequence number in words', 'says', says('sequence', 4_000)],
  ['a later time in words', 'says', says('time', 2 ** 41)],
  ['more replicas in words', 'says', says('replicas', [0, 1, 2, 3])],
  ['a word too many', 'says', says('note', 'trust me')],
  ['an empty certificate', 'certificate-too-small', set('certificate', base64(Uint8Array.of(0)))],
  ['no certificate', 'certificate', set('certificate', '')],
  ['a certificate of f + 1 replicas', 'certificate-too-small', set('certificate', certifiedBy([0, 1]))],
  ['one replica twice', 'certificate-repeated', set('certificate', certifiedBy([0, 1, 1]))],
  ['two checkpoints in one certificate', 'certificate', envelope(1, kit.checkpoint(1, { sequence: 4 }))],
  ['two roots in one certificate', 'certificate', envelope(2, kit.checkpoint(2, { root: seedOf(9) }))],
  [
    'a checkpoint between two',
    'certificate',
    set('certificate', certifiedBy([0, 1, 2], { sequence: kit.sequence + 1 })),
  ],
  ['a checkpoint at 0', 'certificate', set('certificate', certifiedBy([0, 1, 2], { sequence: 0 }))],
  [
    'another checkpoint with this root',
    'counters',
    set('certificate', certifiedBy([0, 1, 2], { sequence: kit.sequence + 4 })),
  ],
  ['another root', 'path', set('certificate', certifiedBy([0, 1, 2], { root: seedOf(9) }))],
  [
    'a certificate with bytes behind its end',
    'certificate',
    (document) =>
      set('certificate', base64(concatBytes(bytesOf(document['certificate']), Uint8Array.of(0))))(document),
  ],
  [
    'a certificate that is cut',
    'certificate',
    (document) => set('certificate', base64(bytesOf(document['certificate']).subarray(0, -1)))(document),
  ],
  [
    'a bit of a signature',
    'certificate-signature',
    (document) => set('certificate', flipped(document['certificate'], -1))(document),
  ],
  ['a message of another kind', 'certificate', envelope(1, kit.checkpoint(1, {}, 'prepare'))],
  ['a replica that is not there', 'certificate', envelope(1, kit.checkpoint(4))],
  [
    'no signature',
    'certificate-signature',
    envelope(1, Uint8Array.from([...kit.checkpoint(1).subarray(0, -66), 0, 0])),
  ],
  ['no page', 'page', set('proof', base64(Uint8Array.of(0)))],
  ['the leaf alone', 'path', (document) => set('proof', lastPageOf(document['proof']))(document)],
  ['the way to another key', 'page', set('proof', present.counters)],
  ['a bit of a page', 'path', (document) => set('proof', flipped(document['proof'], -1))(document)],
  [
    'a page with bytes behind its end',
    'page',
    (document) => set('proof', base64(concatBytes(bytesOf(document['proof']), Uint8Array.of(0))))(document),
  ],
  ['counters of no state', 'counters', (document) => set('counters', document['proof'])(document)],
  [
    'a bit of the counters',
    'path',
    (document) => set('counters', flipped(document['counters'], -1))(document),
  ],
]

describe.each([
  ['a proved value', present],
  ['a proved absence', absent],
  ['a proved large value', large],
] as const)('%s', (_name, document) => {
  test('PBFT-2.1 is proved, and shows how old it is', () => {
    const verdict = verifyRead(context, document)
    expect(verdict).toMatchObject({
      kind: 'proved',
      proved: { says: { sequence: kit.sequence, replicas: [0, 1, 2] } },
    })
    expect(
      verifyRead({ ...context, crypto: nobleProofCrypto }, JSON.parse(JSON.stringify(document))),
    ).toEqual(verdict)
  })

  test.each(FORGERIES)('%s: refused (%s)', (name, fault, forge) => {
    const verdict = verifyRead(context, forge(loose(document)))
    expect(verdict.kind).toBe('refused')
    // The way to another key may be the beginning of this one's.
    if (verdict.kind === 'refused' && name !== 'the way to another key' && name !== 'counters of no state') {
      expect(verdict).toMatchObject({ fault })
    }
  })
})

describe('what is proved', () => {
  const provedText = (document: object): string | null => {
    const verdict = verifyRead(context, document)
    if (verdict.kind === 'refused') throw new Error(verdict.because)
    return verdict.proved.value === null ? null : Buffer.from(verdict.proved.value).toString()
  }

  test('is the value with its revisions, or the absence, also of a deleted key', async () => {
    expect(provedText(present)).toBe('blue')
    expect(present.says).toMatchObject({ key: 'colour', present: true, version: 1, valueBytes: 4 })
    expect(provedText(absent)).toBeNull()
    expect(provedText(large)).toBe(LARGE)
    expect(provedText(await state.prove(utf8('gone')))).toBeNull()
    for (let index = 0; index < 300; index += 37) {
      expect(provedText(await state.prove(utf8(`key ${index}`)))).toContain(`value ${index} `)
      expect(provedText(await state.prove(utf8(`key ${index}x`)))).toBeNull()
    }
  })

  test('one that proves a value does not prove an absence, nor of another key', () => {
    expect(verifyRead(context, { ...loose(present), key: absent.key }).kind).toBe('refused')
    expect(verifyRead(context, { ...loose(absent), key: present.key }).kind).toBe('refused')
    expect(verifyRead(context, { ...loose(absent), proof: present.proof, says: absent.says }).kind).toBe(
      'proved',
    )
    expect(FORGERIES.length).toBeGreaterThanOrEqual(25)
  })

  test('PBFT-2.5 is read past replicas that send false pages, or none', async () => {
    const lied = new CertifiedStore()
    lied.lie = (replica, page) => (replica === 0 ? flip(page) : replica === 1 ? new Uint8Array(0) : page)
    const read = await lied.open()
    expect((await read.prove(utf8('colour'))).says).toMatchObject({ present: true })
    expect(lied.asked[2]).toBeGreaterThan(1)
  })
})

function flip(page: Uint8Array): Uint8Array {
  const other = Uint8Array.from(page)
  if (other.length > 0) other[other.length - 1] = (other[other.length - 1] as number) ^ 1
  return other
}
