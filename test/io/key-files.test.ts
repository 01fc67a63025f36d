/** Cluster files and key files of both modes: the refusals of damaged and foreign ones. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initCluster } from '../../replicas/init.ts'
import { startReplica } from '../../replicas/replica-process.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import { readKeyFile } from '../../src/io/key-file.ts'
import { PROTOCOL_VERSION } from '../../src/messages/limits.ts'

interface FileJson {
  auth: string
  replicas: { agreementKey?: string }[]
  clients: { agreementKey?: string }[]
}

const directory = mkdtempSync(join(tmpdir(), 'strategos-test-'))
const oral = join(directory, 'oral')
const signed = join(directory, 'signed')
beforeAll(async () => {
  for (const [place, auth] of [
    [oral, 'oral'],
    [signed, 'signed'],
  ] as const) {
    await initCluster({ directory: place, replicas: 4, suite: 'sodium', auth, basePort: 7400 })
  }
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const original = (from: string): FileJson =>
  JSON.parse(readFileSync(join(from, 'cluster.json'), 'utf8')) as FileJson

/** Reads the cluster file after a change of its contents. */
function reading(from: string, change: (json: FileJson) => void): () => unknown {
  const json = original(from)
  change(json)
  const path = join(directory, 'changed.json')
  writeFileSync(path, JSON.stringify(json))
  return () => readClusterFile(path, suiteNamed)
}

const U_OF_ORDER_8 = 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'

test('a cluster file of another version is refused with what to do', () => {
  const former = reading(signed, (json) => Object.assign(json, { protocolVersion: PROTOCOL_VERSION - 1 }))
  expect(former).toThrow(
    `it is of version ${PROTOCOL_VERSION - 1} of the protocol, and this program speaks version ${PROTOCOL_VERSION}`,
  )
  expect(former).toThrow('make a new directory with "strategos init"')
})

describe('a cluster file of auth oral', () => {
  test('names a key of its own for every replica and client', () => {
    const { mode, replicas, clients } = readClusterFile(join(oral, 'cluster.json'), suiteNamed)
    expect(mode).toBe('oral')
    const keys = [...replicas, ...clients].map(({ agreementKey }) =>
      Buffer.from(agreementKey ?? []).toString('hex'),
    )
    expect(new Set(keys).size).toBe(6)
  })

  test.each([
    ['of small order', U_OF_ORDER_8, 'small-order'],
    ['of another replica', () => original(oral).replicas[1]?.agreementKey, 'agreement key of replica 1'],
    ['that is missing', undefined, 'no agreement key'],
    ['that is too short', 'ab', 'agreementKey'],
  ])('is refused with an agreement key %s', (_, key, why) => {
    const agreementKey = typeof key === 'function' ? key() : key
    expect(reading(oral, ({ clients }) => Object.assign(clients[0] ?? {}, { agreementKey }))).toThrow(why)
  })

  test('is not the same cluster with another mode or with other keys', () => {
    const agreementKey = original(signed).replicas[0]?.agreementKey
    expect(reading(signed, (json) => Object.assign(json, { auth: 'oral' }))).toThrow('no agreement key')
    expect(reading(oral, (json) => Object.assign(json, { auth: 'signed' }))).toThrow(
      'which only auth "oral" asks for',
    )
    const exchanged = reading(oral, ({ clients }) => Object.assign(clients[0] ?? {}, { agreementKey }))
    expect(exchanged).toThrow('cluster id')
  })
})

describe('a key file', () => {
  const path = (): string => join(oral, 'clients', 'gateway.key')

  test('is refused when it is damaged, or when others may read it', () => {
    const text = readFileSync(path(), 'utf8')
    const damaged = join(directory, 'damaged.key')
    for (const [content, why] of [
      [text.slice(0, -20), 'two seeds'],
      [text.replace('agreementSecret', 'agreementsecret'), 'two seeds'],
      [text.replace(/"[0-9a-f]{64}"/, '"00"'), 'two seeds'],
      ['', 'two seeds'],
    ] as const) {
      writeFileSync(damaged, content, { mode: 0o600 })
      expect(() => readKeyFile(damaged)).toThrow(why)
    }
    writeFileSync(damaged, text)
    chmodSync(damaged, 0o640)
    expect(() => readKeyFile(damaged)).toThrow('chmod 600')
  })

  test("with another agreement secret is not this replica's in oral mode, though it signs as it", async () => {
    const key = join(oral, 'replica-1', 'secret.key')
    const text = readFileSync(key, 'utf8')
    const secrets = JSON.parse(text) as Record<string, string>
    writeFileSync(key, JSON.stringify({ ...secrets, agreementSecret: '11'.repeat(32) }))
    try {
      await expect(
        startReplica({ directory: oral, id: 1, onFailure: () => {}, onLoss: () => {} }),
      ).rejects.toThrow('not the key of replica 1')
    } finally {
      writeFileSync(key, text)
    }
  })
})
