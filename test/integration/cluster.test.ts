/** Tests that only real processes can show: the store through curl's eyes, killed replicas, kill -9 of everything. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { deeper, IS_DEEP } from '../kit/depth.ts'
import { runCommand } from './command-run.ts'
import { answered, end, http, isAlive, isReady, ProcessKit, until } from './process-kit.ts'

/** A gateway that has no answer after this time says so. */
const LIMITED = ['--timeout', '3000'] as const

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

/** A new cluster is given a value and stopped: run.json says what ran, and all of that is gone. */
async function startedAndStopped(directory: string, ...flags: readonly string[]): Promise<void> {
  const first = await kit.up(directory, ...flags)
  expect(Object.keys(JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8')))).toEqual([
    'gateway',
    'replicas',
  ])
  const { json } = await answered(`${first.gateway.url}/v1/kv/kept`, 'PUT', 'data')
  // The first of the store, which is at revision 1 while it is empty.
  expect(json).toMatchObject({ key: 'kept', revision: 2, version: 1 })
  first.process.kill('SIGTERM')
  await until('all children are gone', () =>
    [first.gateway, ...first.replicas].every(({ pid }) => !isAlive(pid)),
  )
}

describe.each(deeper([{ n: 4, f: 1 }], [{ n: 7, f: 2 }]))('a cluster of $n', ({ n, f }) => {
  test('what was written is kept over a stop; a value put over HTTP comes back, goes on with f killed, is unknown beyond, and returns with them', async () => {
    const directory = kit.directory()
    await startedAndStopped(directory, '--replicas', `${n}`)
    const { gateway, replicas } = await kit.up(directory, ...LIMITED)
    expect((await answered(`${gateway.url}/v1/kv/kept`)).text).toBe('data')
    const url = `${gateway.url}/v1/kv/greeting`
    const { json: first } = await answered(url, 'PUT', 'hello')
    expect(first).toMatchObject({ key: 'greeting' })
    expect(first['revision']).toBeGreaterThan(Number(first['version']))
    expect((await answered(url)).text).toBe('hello')
    expect(replicas).toHaveLength(n)

    // The primary is left alive: nothing replaces it yet.
    for (const { pid } of replicas.slice(n - f)) end(pid, 'SIGKILL')
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
    // It is answered by the gateway's own time limit, and not only when the replicas are back.
    const unknown = await http(url, 'PUT', 'too few')
    expect(unknown.status).toBe(504)
    expect(unknown.type).toContain('application/problem+json')
    expect(unknown.json).toMatchObject({ code: 'unknown' })
    expect(unknown.json['missing']).toEqual(replicas.slice(n - f - 1).map(({ id }) => id))
    expect((await http(`${gateway.url}/readyz`)).status).toBe(503)
    expect((await http(`${gateway.url}/healthz`)).status).toBe(200)

    kit.start('replica', '--dir', directory, '--id', `${last?.id}`)
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
