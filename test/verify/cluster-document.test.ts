/** The verifier's own readers agree with those of the replicas, and refuse what those refuse. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readPublicCluster } from '../../clients/verify/cluster-document.ts'
import { readPayload } from '../../clients/verify/signed-payload.ts'
import { initCluster } from '../../replicas/init.ts'
import { fromBase64, toBase64 } from '../../src/base/base64.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import { packPayload, unpackPayload } from '../../src/messages/payload.ts'
import { isRejection } from '../../src/messages/rejection.ts'

const FORMS = [
  { auth: 'signed', reads: 'ordered', suite: 'sodium' },
  { auth: 'signed', reads: 'unordered', suite: 'noble' },
  { auth: 'signed', reads: 'ordered', suite: 'sodium', votes: 'unsynced' },
  { auth: 'signed', reads: 'ordered', suite: 'sodium', administrators: [] },
  { auth: 'oral', reads: 'ordered', suite: 'sodium' },
] as const

/** A client that is an administrator where it was none, and the other way round. */
const turned = ({ administrator, ...client }: { readonly administrator?: true }) =>
  administrator === true ? client : { ...client, administrator: true }

test.each(FORMS)('a cluster file of $auth, $reads, $suite is read with its id', async (form) => {
  const top = mkdtempSync(join(tmpdir(), 'strategos-verify-'))
  try {
    const directory = join(top, 'cluster')
    const cluster = await initCluster({ directory, replicas: 4, basePort: 7000, ...form })
    const json = JSON.parse(readFileSync(clusterFile(directory), 'utf8'))
    expect(readPublicCluster(json)).toMatchObject({
      clusterId: cluster.clusterId,
      mode: form.auth,
      reads: form.reads,
    })
    // What hosts do is not the cluster's; everything else is.
    json.replicas[0].address = 'elsewhere:1'
    expect(readPublicCluster(json).replicas).toHaveLength(4)
    const swapped = { ...json, replicas: [json.replicas[1], json.replicas[0], ...json.replicas.slice(2)] }
    for (const other of [
      swapped,
      { ...json, storeBytesMax: json.storeBytesMax + 1 },
      { ...json, checkpointInterval: 64 },
      { ...json, clients: json.clients.slice(1) },
      { ...json, clients: json.clients.map(turned) },
    ]) {
      expect(() => readPublicCluster(other)).toThrow('its cluster id does not belong to its contents')
    }
    for (const [other, why] of [
      [null, 'not a JSON object'],
      [{ ...json, protocolVersion: 1 }, 'not of version'],
      [{ ...json, auth: 'none' }, '"auth" is none of signed, oral'],
      [{ ...json, nonce: 'xyz' }, '"nonce" is not 32 bytes'],
      [{ ...json, replicas: {} }, '"replicas" is not a list'],
      [{ ...json, storeBytesMax: -1 }, '"storeBytesMax" is not a whole number'],
      [{ ...json, clients: [{ ...json.clients[0], administrator: 'no' }] }, '"administrator" is not true'],
    ] as const) {
      expect(() => readPublicCluster(other)).toThrow(why)
    }
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
})

test('a payload is read exactly when the replicas read it', () => {
  const shape = ['integer', 4, 'integer'] as const
  const isRead = (bytes: Uint8Array): boolean => {
    const items = unpackPayload(bytes)
    if (isRejection(items) || items.length !== shape.length) return false
    return (
      typeof items[0] === 'number' &&
      items[1] instanceof Uint8Array &&
      items[1].length === 4 &&
      typeof items[2] === 'number'
    )
  }
  const number = fc.oneof(
    fc.nat(300),
    fc.nat(70_000),
    fc.maxSafeNat().map((each) => each % 2 ** 52),
  )
  const packed = fc
    .tuple(number, fc.uint8Array({ minLength: 3, maxLength: 5 }), number)
    .map((items) => packPayload(items))
  const damaged = fc.tuple(packed, fc.nat(), fc.nat(255)).map(([bytes, at, by]) => {
    const changed = Uint8Array.from(bytes)
    changed[at % changed.length] = by
    return changed
  })
  fc.assert(
    fc.property(fc.oneof(packed, damaged, fc.uint8Array({ maxLength: 20 })), (bytes) => {
      const items = readPayload(bytes, shape)
      expect(items !== null).toBe(isRead(bytes))
      if (items !== null) expect(items).toEqual(unpackPayload(bytes))
    }),
    { numRuns: 2000 },
  )
})

test('base64 is that of RFC 4648, and one text stands for some bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = Buffer.from(bytes).toString('base64')
      expect(toBase64(bytes)).toBe(text)
      expect(fromBase64(text)).toEqual(bytes)
    }),
  )
  for (const text of ['A', 'AA', 'AAA', 'AB==', 'AAB=', 'A===', '====', 'AA=A', 'AA==AAAA', 'A A=', 'AA-_']) {
    expect(fromBase64(text), text).toBeNull()
  }
})
