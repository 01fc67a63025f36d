/** Processes that may open few files: strangers take none of those that are needed, and no disk is blamed. */
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { openConnection as connectClient } from '../../clients/library/connection.ts'
import { initCluster } from '../../replicas/init.ts'
import {
  callersMax,
  FILES_RESERVE,
  isOutOfDescriptors,
  openFilesMax,
  openPatiently,
  shareConnections,
  TooFewDescriptors,
} from '../../src/io/descriptors.ts'
import { CLIENT_LINKS_MAX, HALF_OPEN_MAX } from '../../src/io/tcp-transport.ts'
import type { Address } from '../../src/messages/cluster.ts'
import { http, ProcessKit, until } from '../integration/process-kit.ts'

const OPEN_FILES = 256
/** Enough to load the program, and not to serve. */
const FEW = 128
/** More than twice the limit of the process. */
const STRANGERS = 600
const TEST_MS_MAX = 300_000
const MOST = { halfOpenMax: HALF_OPEN_MAX, clientLinksMax: CLIENT_LINKS_MAX }

let kit = new ProcessKit()
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await kit.cleanUp()
  kit = new ProcessKit()
})

/** Opens this many silent connections, more than the process may have open. */
async function crowd({ host, port }: Address): Promise<void> {
  let taken = 0
  for (let made = 0; made < STRANGERS; made++) {
    const socket = connect({ host, port })
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('connect', () => taken++)
  }
  await until('it has taken more than it may have', () => taken > OPEN_FILES)
}

describe('what a process may open', () => {
  test('is read from the system', () => expect(openFilesMax()).toBeGreaterThan(0))

  test.each([200, 256, 1_024, 4_096, 1_048_576, Number.POSITIVE_INFINITY])(
    'of %d is shared out',
    (openFiles) => {
      for (const n of [4, 13]) {
        const { halfOpenMax, clientLinksMax } = shareConnections(openFiles, n, MOST)
        expect(halfOpenMax + clientLinksMax + 2 * n + FILES_RESERVE).toBeLessThanOrEqual(openFiles)
        expect(Math.min(halfOpenMax, clientLinksMax)).toBeGreaterThanOrEqual(16)
        expect(callersMax(openFiles, n, 1_024) + 2 * n + FILES_RESERVE).toBeLessThanOrEqual(openFiles)
      }
    },
  )

  test('is all of the limits where it is enough', () => {
    expect(shareConnections(4_096, 4, MOST)).toEqual(MOST)
    expect(() => shareConnections(100, 4, MOST)).toThrow(TooFewDescriptors)
    expect(() => callersMax(100, 4, 1_024)).toThrow(TooFewDescriptors)
  })

  test('may be used up for a while: a file is opened later, and no disk is blamed', async () => {
    let tries = 0
    const opened = await openPatiently('a file', async () => {
      if (++tries < 3) throw Object.assign(new Error('too many'), { code: tries === 1 ? 'EMFILE' : 'ENFILE' })
      return 'open'
    })
    expect([opened, tries]).toEqual(['open', 3])
    expect(isOutOfDescriptors(Object.assign(new Error('full'), { code: 'ENOSPC' }))).toBe(false)
    const full = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))
    await expect(openPatiently('a file', full)).rejects.toThrow('full')
  })
})

describe('with few descriptors', () => {
  test(
    'replicas and a gateway serve while strangers hold all connections that they can get',
    async () => {
      const directory = kit.directory()
      const cluster = await initCluster({ directory, replicas: 4, suite: 'sodium', basePort: 0 })
      const replicas = cluster.replicas.map(({ id }) =>
        kit.startWithOpenFiles(OPEN_FILES, 'replica', '--dir', directory, '--id', String(id)),
      )
      for (const { output } of replicas) {
        await until('a replica is ready', () => output.stdout.includes('ready'))
      }
      const gateway = kit.startWithOpenFiles(OPEN_FILES, 'gateway', '--dir', directory, '--port', '0')
      await until('the gateway is ready', () => gateway.output.stdout.includes('http://'))
      const url = /http:\/\/\S+/.exec(gateway.output.stdout)?.[0] ?? ''
      const { port } = new URL(url)
      for (const { address } of cluster.replicas.slice(0, 2)) await crowd(address)
      await crowd({ host: '127.0.0.1', port: Number(port) })
      const write = async (): Promise<boolean> => (await http(`${url}/v1/kv/a`, 'PUT', 'b')).status === 200
      await until('a write is served', write)
      // A client that comes now is let in all the same.
      const client = await connectClient({ directory, name: 'operator' })
      try {
        await until('it has its links', () => client.transport.reachable().length === cluster.replicas.length)
      } finally {
        await client.close()
      }
      for (const child of [...replicas, gateway]) {
        expect(child.exitCode).toBeNull()
        const open = process.platform === 'linux' ? readdirSync(`/proc/${child.pid}/fd`).length : 0
        expect(open).toBeLessThan(OPEN_FILES)
        expect(child.output.stdout + child.output.stderr).not.toMatch(/too many|EMFILE|failed/i)
      }
    },
    TEST_MS_MAX,
  )

  test('a replica that could not work reports so at once', async () => {
    const directory = kit.directory()
    await initCluster({ directory, replicas: 4, suite: 'sodium', basePort: 0 })
    const child = kit.startWithOpenFiles(FEW, 'replica', '--dir', directory, '--id', '0')
    await until('it ends', () => child.exitCode !== null)
    expect(child.exitCode).toBe(2)
    expect(child.output.stderr.replaceAll(/\s+/g, ' ')).toMatch(/open.* files/)
  })
})
