/** Replicas read the directory that init writes; a refused init leaves nothing behind. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { makeCluster } from '../../replicas/init.ts'
import { moveToPorts } from '../../replicas/replica-addresses.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { formatAddress, parseAddress, parseHost } from '../../src/io/address.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import { expectSentence, runHere, Scratch } from './command-kit.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())

const fourOf = (host: string): string => [host, host, host, host].join(',')
const addressesIn = (directory: string): readonly unknown[] =>
  readClusterFile(`${directory}/cluster.json`, suiteNamed).replicas.map(({ address }) => address)

describe('hosts', () => {
  const near = fc.stringMatching(/^[a-z0-9_.:[\]% -]{0,24}$/)
  const host = fc.oneof(
    fc.string(),
    near,
    fc.domain(),
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV6().map((ip) => `[${ip}]`),
  )

  test('what is accepted is read back, stands in a URL, and has no port in it', () => {
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (text, port) => {
        const accepted = parseHost(text)
        if (accepted === null) return
        const written = formatAddress({ host: accepted, port })
        expect(parseAddress(written)).toEqual({ host: accepted, port })
        expect(new URL(`http://${written}`).port).toBe(port === 80 ? '' : `${port}`)
      }),
      { numRuns: 1000 },
    )
  })

  test('every name, IPv4 and IPv6 address is accepted', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()), (text) => {
        expect(parseHost(text)).toBe(text)
        expect(parseHost(`[${text}]`)).toBe(text.includes(':') ? text : null)
      }),
    )
  })

  test.each([
    'h 2',
    '10.0.0.1:0',
    '2001:db8::7:70000',
    '',
    ' ',
    '[h]',
    '[::1',
    '::1]',
    'fe80::1%eth0',
    '10.0.0',
    '1.2.3.256',
    'a..b',
  ])('"%s" is refused, and nothing is made', async (text) => {
    const directory = scratch.path('refused')
    expectSentence(await runHere(['init', '--dir', directory, '--hosts', fourOf(text)]), '--hosts')
    expect(readdirSync(scratch.directory).filter((name) => name.startsWith('refused'))).toEqual([])
  })

  test.each([
    ['replica-host', 'replica-host'],
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
  ])('%s is written and read', async (text, host) => {
    const directory = scratch.path(`made-${text.replaceAll(/\W/g, '-')}`)
    expect((await runHere(['init', '--dir', directory, '--hosts', fourOf(text)])).code).toBe(0)
    expect(addressesIn(directory)).toEqual([0, 1, 2, 3].map((id) => ({ host, port: 7400 + id })))
    expect(readdirSync(directory).sort()).toEqual([
      'clients',
      'cluster.json',
      ...[0, 1, 2, 3].map((id) => `replica-${id}`),
    ])
  })
})

test('hosts with ports of their own, and the ports of the others counted from the base port', async () => {
  const directory = scratch.path('own-ports')
  const hosts = 'a.example:9000,b.example,[2001:db8::7]:9000,10.0.0.1'
  expect((await runHere(['init', '--dir', directory, '--hosts', hosts])).code).toBe(0)
  expect(addressesIn(directory)).toEqual([
    { host: 'a.example', port: 9000 },
    { host: 'b.example', port: 7401 },
    { host: '2001:db8::7', port: 9000 },
    { host: '10.0.0.1', port: 7403 },
  ])
  const same = ['init', '--dir', scratch.path('same'), '--hosts', fourOf('a.example:9000')]
  expectSentence(await runHere(same), 'two replicas would listen on a.example:9000')
})

test('a replica moves to an address that no other has, and the cluster stays the same', async () => {
  const directory = scratch.path('moving')
  expect((await runHere(['init', '--dir', directory])).code).toBe(0)
  const { clusterId } = readClusterFile(`${directory}/cluster.json`, suiteNamed)
  const move = (...flags: readonly string[]) => runHere(['address', '--dir', directory, ...flags])
  const moved = await move('--id', '2', '--at', 'c.example:7500')
  expect(moved.code).toBe(0)
  expect(moved.stdout).toMatch(/^replica 2 {2}c\.example:7500$/m)
  expect(readClusterFile(`${directory}/cluster.json`, suiteNamed).clusterId).toEqual(clusterId)
  expectSentence(await move('--id', '1', '--at', 'c.example:7500'), 'Replica 2 has the address')
  expectSentence(await move('--id', '4', '--at', 'd.example:7500'), 'there is no replica 4')
  expectSentence(await move('--id', '1'), 'belong together')
  expect(JSON.parse((await move('--json')).stdout).replicas).toContainEqual({
    id: 2,
    address: 'c.example:7500',
  })
})

describe('keys of clients', () => {
  test('made on machines of their own, and named by init; shown again, never overwritten', async () => {
    const machine = scratch.path('gateway-machine')
    const keygen = ['keygen', '--dir', machine, '--client', 'gateway-b']
    const made = await runHere(keygen)
    expect(made.code).toBe(0)
    expectSentence(await runHere(keygen), 'never overwritten')
    expect((await runHere([...keygen, '--show'])).stdout).toBe(made.stdout)
    const file = scratch.path('gateway-b.json')
    writeFileSync(file, made.stdout)
    const directory = scratch.path('with-keys')
    const flags = ['--clients', 'operator,gateway-a', '--client-keys', `gateway-b=${file}`]
    expect((await runHere(['init', '--dir', directory, ...flags])).code).toBe(0)
    const { clients } = readClusterFile(`${directory}/cluster.json`, suiteNamed)
    expect(clients.map(({ name }) => name)).toEqual(['operator', 'gateway-a', 'gateway-b'])
    expect(clients[2]?.id).toBe(JSON.parse(made.stdout).publicKey)
    expect(readdirSync(`${directory}/clients`).sort()).toEqual(['gateway-a.key', 'operator.key'])
  })

  test.each([
    ['a name that is no file name', ['--clients', '../a'], 'is not a client'],
    ['one name twice', ['--clients', 'a,b,a'], 'the name "a"'],
    ['a file without keys', ['--client-keys', `a=${import.meta.filename}`], 'does not hold public keys'],
  ])('%s is refused, and nothing is made', async (_what, flags, sentence) => {
    expectSentence(await runHere(['init', '--dir', scratch.path('unmade'), ...flags]), sentence)
    expect(existsSync(scratch.path('unmade'))).toBe(false)
  })

  test('keygen wants to know whose', async () => {
    expectSentence(await runHere(['keygen', '--dir', scratch.path('whose')]), '--id')
  })
})

describe('a directory that is made', () => {
  test('what is in it already stays, and is never overwritten', async () => {
    const directory = scratch.path('machine')
    expect((await runHere(['keygen', '--dir', directory, '--id', '2'])).code).toBe(0)
    const key = readFileSync(`${directory}/replica-2/secret.key`)
    expectSentence(
      await runHere(['init', '--dir', directory]),
      'replica-2 exists already; nothing is overwritten',
    )
    expectSentence(await runHere(['keygen', '--dir', directory, '--id', '2']), 'never overwritten')
    expect(readdirSync(directory)).toEqual(['replica-2'])
    expect(readFileSync(`${directory}/replica-2/secret.key`)).toEqual(key)
  })

  test('taken back, with the directories on the way to it and nothing else', async () => {
    const directory = scratch.path('a/b/c')
    const options = { replicas: 4, suite: 'sodium', basePort: 7400 } as const
    const made = await makeCluster({ ...options, directory })
    expect(existsSync(`${directory}/cluster.json`)).toBe(true)
    made.undo()
    expect(existsSync(scratch.path('a'))).toBe(false)
    const other = scratch.path('d')
    mkdirSync(other)
    writeFileSync(`${other}/notes`, 'mine')
    const again = await makeCluster({ ...options, directory: other })
    expect(readdirSync(other)).toContain('cluster.json')
    again.undo()
    expect(readdirSync(other)).toEqual(['notes'])
  })

  test('ports that do not fit are refused', async () => {
    const words = ['init', '--dir', scratch.path('ports'), '--base-port', '65533']
    expectSentence(await runHere(words), 'leaves no port for each of 4 replicas')
  })
})

describe('up on a directory that holds a cluster', () => {
  const directory = scratch.path('old')
  const text = (): string => readFileSync(`${directory}/cluster.json`, 'utf8')

  test('moves the replicas to other ports, and back', async () => {
    const { cluster } = await makeCluster({ directory, replicas: 4, suite: 'sodium', basePort: 7400 })
    const before = text()
    const moved = moveToPorts(directory, cluster, 9000)
    expect(addressesIn(directory)).toEqual([0, 1, 2, 3].map((id) => ({ host: '127.0.0.1', port: 9000 + id })))
    expect(moved.cluster.clusterId).toEqual(cluster.clusterId)
    moved.undo()
    expect(text()).toBe(before)
    moveToPorts(directory, cluster, 7400).undo()
    expect(text()).toBe(before)
  })

  test.each([
    [['--replicas', '7'], 'holds a cluster of 4 replicas, not of 7'],
    [['--auth', 'oral'], 'holds a cluster of auth signed, not oral'],
    [['--crypto', 'noble'], 'holds a cluster of suite sodium, not noble'],
    [['--base-port', '65533'], 'leaves no port'],
  ])('refuses %j', async (flags, saying) => {
    const before = text()
    expectSentence(await runHere(['up', '--dir', directory, ...flags]), saying)
    expect(text()).toBe(before)
  })
})
