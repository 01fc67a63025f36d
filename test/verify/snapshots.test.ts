/** Snapshot files are checked page by page as they come, and no false, cut or longer one passes. */
import { describe, expect, test } from 'vitest'
import type { ProofFault } from '../../clients/verify/refusal.ts'
import { snapshotHead, snapshotPage } from '../../clients/verify/snapshot.ts'
import { verifySnapshot } from '../../clients/verify/snapshot-check.ts'
import { concatBytes, toHex } from '../../src/base/bytes.ts'
import { encodeCertificate } from '../../src/messages/certificate.ts'
import { seedOf } from '../kit/cluster-kit.ts'
import { suite } from './proof-kit.ts'
import { CertifiedStore } from './state-kit.ts'

const kit = new CertifiedStore()
const { cluster } = kit.signing
const state = await kit.open()
const pages: Uint8Array[] = []
for await (const page of state.pages()) pages.push(page)
const head = snapshotHead(cluster.clusterId, state.certificate)
const file = concatBytes(head, ...pages.map(snapshotPage))

const check = (bytes: Uint8Array, chunkBytes = 65_536) => {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes))
  return verifySnapshot(cluster, chunks, suite)
}

const changed = (at: number, by = 1): Uint8Array => {
  const bytes = Uint8Array.from(file)
  const index = at < 0 ? bytes.length + at : at
  bytes[index] = (bytes[index] as number) ^ by
  return bytes
}
const withCertificate = (certificate: Uint8Array): Uint8Array =>
  concatBytes(snapshotHead(cluster.clusterId, certificate), file.subarray(head.length))
const withPages = (others: readonly Uint8Array[]): Uint8Array =>
  concatBytes(head, ...others.map(snapshotPage))
const envelope = (index: number, bytes: Uint8Array): Uint8Array =>
  withCertificate(
    encodeCertificate([0, 1, 2].map((id) => ({ envelope: id === index ? bytes : kit.checkpoint(id) }))),
  )
const CERTIFICATE_AT = 53
const LAST = pages.length - 1
const valueAt = pages.findIndex((page) => page[0] === 2)

const FORGERIES: readonly (readonly [name: string, fault: ProofFault, file: Uint8Array])[] = [
  ['an empty file', 'truncated', new Uint8Array(0)],
  ['another beginning', 'form', changed(0)],
  ['the end of the mark', 'form', changed(17)],
  ['a later version', 'version', changed(18, 3)],
  ['another cluster', 'other-cluster', changed(25)],
  ['the mark alone', 'truncated', file.subarray(0, 18)],
  ['half of the head', 'truncated', file.subarray(0, 60)],
  ['a certificate that is longer than any', 'certificate', changed(51, 0x80)],
  ['a certificate without messages', 'certificate-too-small', withCertificate(Uint8Array.of(0))],
  ['no certificate', 'certificate', withCertificate(new Uint8Array(0))],
  ['a certificate of f + 1 replicas', 'certificate-too-small', withCertificate(kit.certificate([2, 3]))],
  ['one replica twice', 'certificate-repeated', withCertificate(kit.certificate([2, 2, 3]))],
  ['a count too high', 'certificate', changed(CERTIFICATE_AT, 8)],
  ['a bit of a message', 'certificate-signature', changed(head.length - 1)],
  ['two checkpoints in one certificate', 'certificate', envelope(0, kit.checkpoint(0, { sequence: 8 }))],
  ['two roots in one certificate', 'certificate', envelope(0, kit.checkpoint(0, { root: seedOf(3) }))],
  ['a message of another kind', 'certificate', envelope(2, kit.checkpoint(2, {}, 'prepare'))],
  ['a replica that is not there', 'certificate', envelope(2, kit.checkpoint(7))],
  [
    'a checkpoint between two',
    'certificate',
    withCertificate(kit.certificate([0, 1, 2], { sequence: kit.sequence + 2 })),
  ],
  [
    'another checkpoint with this root',
    'counters',
    withCertificate(kit.certificate([0, 1, 2], { sequence: kit.sequence + 4 })),
  ],
  ['another root', 'path', withCertificate(kit.certificate([0, 1, 2], { root: seedOf(3) }))],
  ['no pages', 'truncated', head],
  ['no last page', 'truncated', withPages(pages.slice(0, -1))],
  ['a last page that is cut', 'truncated', file.subarray(0, -1)],
  ['a page that is left out', 'path', withPages(pages.filter((_, index) => index !== 3))],
  ['a page twice', 'path', withPages(pages.flatMap((page, index) => (index === 3 ? [page, page] : [page])))],
  [
    'two pages in another order',
    'path',
    withPages([...pages.slice(0, 2), ...pages.slice(2, 4).reverse(), ...pages.slice(4)]),
  ],
  ['a bit of the root page', 'path', changed(head.length + 4 + 3)],
  ['a bit of a page in the middle', 'path', changed(Math.floor(file.length / 2))],
  ['a bit of the last page', 'path', changed(-1)],
  [
    'a bit of a large value',
    'path',
    withPages(
      pages.map((page, index) =>
        index === valueAt ? page.map((byte, at) => (at === 99 ? byte ^ 1 : byte)) : page,
      ),
    ),
  ],
  ['a leaf for the root', 'path', withPages([pages[LAST] as Uint8Array])],
  ['a page longer than pages are', 'page', changed(head.length, 0x7f)],
  ['an empty page', 'path', withPages([new Uint8Array(0), ...pages])],
  ['a byte behind the end', 'trailing-bytes', concatBytes(file, Uint8Array.of(0))],
  ['a page behind the end', 'trailing-bytes', withPages([...pages, pages[LAST] as Uint8Array])],
  ['two snapshots', 'trailing-bytes', concatBytes(file, file)],
]

describe('a snapshot', () => {
  test('PBFT-2.4 is proved, whatever its chunks, and lists what it holds', async () => {
    const verdict = await check(file)
    expect(verdict).toEqual({
      kind: 'proved',
      says: {
        keys: 303,
        bytes: file.length,
        root: toHex(kit.root),
        sequence: kit.sequence,
        replicas: [0, 1, 2],
        revision: kit.signing.store.store.revision,
        time: 1,
      },
    })
    expect(pages.length).toBeGreaterThan(20)
    expect(valueAt).toBeGreaterThan(0)
    for (const chunkBytes of [1_000, 997]) expect(await check(file, chunkBytes)).toEqual(verdict)
    expect(await check(file.subarray(0, 300), 1)).toMatchObject({ kind: 'refused' })
  })

  test.each(FORGERIES)('%s: refused (%s)', async (_name, fault, forged) => {
    expect(await check(forged)).toMatchObject({ kind: 'refused', fault })
  })

  test('there are forgeries enough', () => expect(FORGERIES.length).toBeGreaterThanOrEqual(25))

  test('of a cluster with MACs is refused', async () => {
    const oral = { ...cluster, mode: 'oral' } as const
    expect(await verifySnapshot(oral, [file], suite)).toMatchObject({ fault: 'oral' })
  })
})
