/**
 * The commands of Debian's etcdctl that go on until they are ended, those about the cluster, and several endpoints; where
 * a real etcd says the same, beside it.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startStoreGateway, testStore } from '../etcd/store-gateway.ts'
import { PATIENCE_MS, PATIENT } from '../kit/patience.ts'
import { EtcdProcess } from '../store/etcd-model/etcd-process.ts'

const WHY_NOT = EtcdProcess.whyNot() ?? whyNoClient()

function whyNoClient(): string | null {
  try {
    execFileSync('etcdctl', ['version'], { stdio: 'ignore' })
    return null
  } catch {
    return 'etcdctl does not run here: apt-get install etcd-client.'
  }
}

const env = { ...process.env, ETCDCTL_API: '3' }
const until = (holds: () => unknown) => vi.waitFor(holds, PATIENT)

/** An endpoint for commands that ask one endpoint: with a URL, etcdctl sends one as its `:authority`, which HTTP/2 forbids. */
const hostOf = (url: string): string => new URL(url).host

interface Ran {
  readonly code: number
  readonly output: string
  readonly errors: string
}

function etcdctl(urls: readonly string[], ...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const all = ['--endpoints', urls.join(','), ...args]
    execFile('etcdctl', all, { timeout: PATIENCE_MS, env }, (error, output, errors) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1
      resolve({ code, output, errors })
    })
  })
}

describe.skipIf(WHY_NOT !== null)(`etcdctl${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`, () => {
  let etcd: EtcdProcess
  let gateways: Awaited<ReturnType<typeof startStoreGateway>>[]
  let url = ''
  const children: ChildProcess[] = []

  beforeEach(async () => {
    etcd = await EtcdProcess.start()
    const store = testStore()
    gateways = [await startStoreGateway(store), await startStoreGateway(store)]
    url = gateways[0]?.url ?? ''
  })
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    for (const { server } of gateways) await server.close()
    await etcd.stop()
  })

  function start(endpoint: string, ...args: readonly string[]): ChildProcess & { said: () => string } {
    const child = spawn('etcdctl', ['--endpoints', endpoint, ...args], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    children.push(child)
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    return Object.assign(child, { said: () => text })
  }

  test.each([[[]], [['-w', 'json']], [['--prev-kv']], [['--rev', '2']]])(
    'watch %j gives the same',
    async (flags) => {
      const said: string[] = []
      for (const endpoint of [url, etcd.url]) {
        await etcdctl([endpoint], 'put', 'w/0', 'before')
        const watch = start(endpoint, 'watch', '--prefix', 'w/', ...flags)
        // A watch says nothing when it begins: it has begun when a first put is seen.
        let probes = 0
        await until(async () => {
          // The end of `w/probe`, as it is and in base64.
          if (/probe|wcm9iZQ/.test(watch.said())) return
          probes++
          await etcdctl([endpoint], 'put', 'w/probe', 'x')
          throw new Error('not yet')
        })
        const before = watch.said().length
        expect(probes).toBeGreaterThan(0)
        await etcdctl([endpoint], 'put', 'w/1', 'a')
        await etcdctl([endpoint], 'del', 'w/1')
        await until(() => expect(watch.said().slice(before)).toMatch(/DELETE|"type":1/))
        said.push(
          watch
            .said()
            .slice(before)
            .replaceAll(/"(\w*(?:revision|_id|raft_term|version))":\d+/gi, '"$1":?'),
        )
      }
      expect(said[0]).toBe(said[1])
    },
  )

  test('elect gives the name to one after the other', async () => {
    const first = start(url, 'elect', 'e', 'one')
    await until(() => expect(first.said()).toMatch(/^e\/[0-9a-f]+\none\n/))
    const second = start(gateways[1]?.url ?? '', 'elect', 'e', 'two')
    const listener = start(url, 'elect', '-l', 'e')
    await until(() => expect(listener.said()).toContain('one'))
    expect(second.said()).toBe('')
    first.kill('SIGINT')
    await until(() => expect(second.said()).toContain('two'))
    await until(() => expect(listener.said()).toContain('two'))
  })

  test('lock waits for the one before, and both doors have one queue', async () => {
    const first = start(url, 'lock', 'l')
    await until(() => expect(first.said()).toMatch(/^l\/[0-9a-f]+\n/))
    const body = JSON.stringify({ name: Buffer.from('l').toString('base64') })
    let isHeld = false
    const second = fetch(`${url}/v3/lock/lock`, { method: 'POST', body }).then(() => {
      isHeld = true
    })
    await until(async () => {
      const { output } = await etcdctl([url], 'get', '--prefix', 'l/', '--keys-only')
      expect(output.trim().split(/\n+/)).toHaveLength(2)
    })
    expect(isHeld).toBe(false)
    first.kill('SIGINT')
    await second
  })

  test('make-mirror copies from a real etcd, and to one', async () => {
    for (const [from, to] of [
      [etcd.url, url],
      [url, etcd.url],
    ] as const) {
      await etcdctl([from], 'put', `m/${from}`, 'old')
      start(from, 'make-mirror', new URL(to).host)
      await until(async () => expect((await etcdctl([to], 'get', `m/${from}`)).output).toContain('old'))
      await etcdctl([from], 'put', `m/${from}`, 'new')
      await until(async () => expect((await etcdctl([to], 'get', `m/${from}`)).output).toContain('new'))
      for (const child of children.splice(0)) child.kill('SIGKILL')
    }
  })

  test('commands about the cluster end well', async () => {
    await etcdctl([url], 'put', 'a', 'b')
    for (const command of ['member list', 'endpoint status', 'endpoint hashkv', 'alarm list', 'defrag']) {
      const { code, errors } = await etcdctl([hostOf(url)], ...command.split(' '))
      expect(code, `${command}: ${errors}`).toBe(0)
    }
    const hashes = await Promise.all(
      gateways.map((each) => etcdctl([hostOf(each.url)], 'endpoint', 'hashkv')),
    )
    const [one, other] = hashes.map(({ output }) => output.split(', ').at(-1))
    expect(one).toBe(other)
  })

  test('snapshot save stores a file that it takes for whole', async () => {
    await etcdctl([url], 'put', 'a', 'b')
    const own = mkdtempSync(join(tmpdir(), 'strategos-snapshot-'))
    try {
      const file = join(own, 'saved')
      expect(await etcdctl([url], 'snapshot', 'save', file)).toMatchObject({ code: 0 })
      expect(readFileSync(file).length % 512).toBe(32)
    } finally {
      rmSync(own, { recursive: true, force: true })
    }
  })

  test('goes on with the other endpoint when one gateway ends', async () => {
    const both = gateways.map((each) => each.url)
    expect(await etcdctl(both, 'put', 'k', '1')).toMatchObject({ code: 0 })
    await gateways[0]?.server.close()
    expect(await etcdctl(both, 'get', 'k')).toMatchObject({ code: 0, output: 'k\n1\n' })
    expect(await etcdctl(both, 'put', 'k', '2')).toMatchObject({ code: 0, output: 'OK\n' })
    expect(await etcdctl(both, 'get', 'k', '--print-value-only')).toMatchObject({ output: '2\n' })
  })
})
