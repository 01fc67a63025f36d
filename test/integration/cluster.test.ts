/** Tests that only real processes can show: the store through curl's eyes, killed replicas, kill -9 of everything. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { deeper, IS_DEEP } from '../kit/depth.ts'
import { runCommand } from './command-run.ts'
import { expectSentence } from './expect-sentence.ts'
import { answered, end, type Finished, http, isAlive, isReady, ProcessKit, until } from './process-kit.ts'

/** A gateway that has no answer after this time says so. */
const LIMITED = ['--timeout', '3000'] as const

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

const run = (...args: readonly string[]): Promise<Finished> => runCommand(kit, ...args)

/** A cluster as `up` started it. */
type Running = Awaited<ReturnType<ProcessKit['up']>>

/** A stop ends all that run.json names. */
async function stop(running: Running, directory: string): Promise<void> {
  expect(Object.keys(JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8')))).toEqual([
    'gateway',
    'replicas',
  ])
  running.process.kill('SIGTERM')
  await until('all children are gone', () =>
    [running.gateway, ...running.replicas].every(({ pid }) => !isAlive(pid)),
  )
}

/** The tests of a cluster continue from the state that the one before left. */
describe.each(deeper([{ n: 4, f: 1 }], [{ n: 7, f: 2 }]))('a cluster of $n', ({ n, f }) => {
  const cluster = new ProcessKit()
  let directory = ''
  let running: Running
  beforeAll(async () => {
    directory = cluster.directory()
    running = await cluster.up(directory, '--replicas', `${n}`)
  })
  afterAll(() => cluster.cleanUp())

  test('its first write is of revision 2', async () => {
    const { json } = await answered(`${running.gateway.url}/v1/kv/kept`, 'PUT', 'data')
    // The first of the store, which is at revision 1 while it is empty.
    expect(json).toMatchObject({ key: 'kept', revision: 2, version: 1 })
  })

  test('put, get, list, del and status go through the gateway of the directory', async () => {
    const here = (...args: readonly string[]) => run(...args, '--dir', directory)
    expect((await kit.run('put', 'cities/åbo', 'Turku', '--dir', directory)).stdout).toMatch(
      /^revision 3, version 1\n$/,
    )
    expect((await here('get', 'cities/åbo')).stdout).toBe('Turku')
    expect((await here('put', 'cities/b', 'x', '--if-revision', '7')).code).toBe(1)
    await here('put', 'cities/b', 'x')
    expect((await here('list', 'cities/')).stdout).toBe('cities/b\ncities/åbo\n')
    expect(JSON.parse((await here('list', 'cities/', '--json')).stdout)).toMatchObject({ count: 2 })
    expect((await here('del', 'cities/b')).stdout).toBe('deleted\n')
    const missing = await here('get', 'cities/b')
    expect([missing.code, missing.stdout, missing.stderr]).toEqual([
      1,
      '',
      'not-found: the key does not exist\n',
    ])
    expect((await here('status')).stdout).toContain('Requests are served.')
    expect(JSON.parse((await here('status', '--json')).stdout)).toMatchObject({ n, primary: 0 })
  })

  test('a second replica, gateway or up on its directory, or on its port, is refused in one sentence and leaves nothing behind', async () => {
    const { gateway, replicas } = running
    expectSentence(await run('replica', '--dir', directory, '--id', '1'), /in use|taken/)
    expectSentence(await run('gateway', '--dir', directory, '--port', '0'), /in use by process/)
    expectSentence(await run('up', '--dir', directory, '--port', '0'), /in use by process/)
    expect(replicas.every(({ pid }) => isAlive(pid))).toBe(true)
    expect((await run('status', '--dir', directory)).code).toBe(0)
    const other = kit.directory()
    const { port } = new URL(gateway.url)
    const before = readdirSync(other)
    expectSentence(await run('up', '--dir', other, '--port', port), /is already in use/)
    expect(readdirSync(other)).toEqual(before)
    expect((await http(`${gateway.url}/v1/kv/a`, 'PUT', '1')).status).toBe(200)
  })

  test('what was written is kept over a stop; a value put over HTTP comes back, goes on with f killed, is unknown beyond, and returns with them', async () => {
    await stop(running, directory)
    running = await cluster.up(directory, ...LIMITED)
    const { gateway, replicas } = running
    expect((await answered(`${gateway.url}/v1/kv/kept`)).text).toBe('data')
    const url = `${gateway.url}/v1/kv/greeting`
    const { json: first } = await answered(url, 'PUT', 'hello')
    expect(first).toMatchObject({ key: 'greeting' })
    expect(first['revision']).toBeGreaterThan(Number(first['version']))
    expect((await answered(url)).text).toBe('hello')
    expect(replicas).toHaveLength(n)

    // The primary is left alive: nothing replaces it yet.
    for (const { pid } of replicas.slice(n - f)) end(pid, 'SIGKILL')
    const { output } = running.process
    await until('up reports that a replica ended', () => output.stderr.includes(`--id ${n - 1}\n`))
    expect(output.stderr).toContain(
      `Replica ${n - 1} ended (killed by SIGKILL). Its log is ${directory}/replica-${n - 1}/replica.log.\n` +
        `Start it again with: strategos replica --dir ${directory} --id ${n - 1}\n`,
    )
    for (let count = 2; count <= 20; count++) {
      const { json } = await answered(url, 'PUT', `hello ${count}`)
      expect(json['version']).toBeGreaterThanOrEqual(count)
    }
    expect((await answered(url)).text).toBe('hello 20')
    await until('nothing is stalled', async () => {
      const { json } = await http(`${gateway.url}/v1/status`)
      return json['stalled'] === null
    })

    const last = replicas[n - f - 1]
    end(last?.pid ?? 0, 'SIGKILL')
    // The gateway answers it at its own time limit, not only when the replicas are back.
    const unknown = await http(url, 'PUT', 'too few')
    expect(unknown.status).toBe(504)
    expect(unknown.type).toContain('application/problem+json')
    expect(unknown.json).toMatchObject({ code: 'unknown' })
    expect(unknown.json['missing']).toEqual(replicas.slice(n - f - 1).map(({ id }) => id))
    expect((await http(`${gateway.url}/readyz`)).status).toBe(503)
    expect((await http(`${gateway.url}/healthz`)).status).toBe(200)

    cluster.start('replica', '--dir', directory, '--id', `${last?.id}`)
    await until('the gateway is ready again', () => isReady(gateway.url))
    // The unknown write was sent once and never took effect twice: it happened now, or it will not.
    expect(['hello 20', 'too few']).toContain((await answered(url)).text)
    expect((await answered(url, 'PUT', 'back')).status).toBe(200)
    expect((await answered(url)).text).toBe('back')
  })
})

test.runIf(IS_DEEP)('the store works with a mute adversary launched from attacks/', async () => {
  const directory = kit.directory()
  expect((await runCommand(kit, 'init', '--dir', directory, '--base-port', '0')).code).toBe(0)
  const correct = [0, 1, 2].map((id) => kit.start('replica', '--dir', directory, '--id', `${id}`))
  const traitor = kit.start('attack', 'mute', '--dir', directory, '--play', '3')
  await until('the adversary is ready', () => traitor.output.stdout.includes('"adversary":"mute"'))
  const gateway = kit.start('gateway', '--dir', directory, '--port', '0', ...LIMITED)
  await until('the gateway listens', () => gateway.output.stdout.includes('http://'))
  const url = /http:\/\/\S+/.exec(gateway.output.stdout)?.[0] ?? ''
  await until('the gateway is ready', () => isReady(url))
  for (let count = 1; count <= 20; count++) {
    const { json } = await answered(`${url}/v1/kv/a`, 'PUT', `${count}`)
    expect(json['version']).toBeGreaterThanOrEqual(count)
  }
  expect((await answered(`${url}/v1/kv/a`)).text).toBe('20')
  // It is as good as dead: with one more gone no quorum is left, though its process runs.
  end(correct[2]?.pid ?? 0, 'SIGKILL')
  expect((await http(`${url}/v1/kv/a`, 'PUT', '21')).json).toMatchObject({ code: 'unknown' })
  expect(traitor.exitCode).toBeNull()
})
