/** The command line: its output, and one clear sentence with exit code 2 for errors that a user can fix. */
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { deeper, IS_DEEP } from '../kit/depth.ts'
import { runCommand } from './command-run.ts'
import { expectSentence } from './expect-sentence.ts'
import { type Finished, http, isReady, ProcessKit, until } from './process-kit.ts'

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

const run = (...args: readonly string[]): Promise<Finished> => runCommand(kit, ...args)

const initialised = async (): Promise<string> => {
  const directory = kit.directory()
  expect((await run('init', '--dir', directory, '--base-port', '0')).code).toBe(0)
  return directory
}

describe('a person can mend it', () => {
  test('a secret key that others may read', async () => {
    const directory = await initialised()
    const key = join(directory, 'replica-1', 'secret.key')
    expect(statSync(key).mode & 0o777).toBe(0o600)
    chmodSync(key, 0o644)
    expectSentence(await kit.run('replica', '--dir', directory, '--id', '1'), /mode is 0644 and must be 0600/)
  })

  test.each([
    ['cluster.json', /cluster\.json cannot be used: it does not exist/],
    ['replica-1/secret.key', /secret\.key cannot be used: it does not exist/],
  ])('%s is missing', async (path, saying) => {
    const directory = await initialised()
    rmSync(join(directory, path), { recursive: true })
    expectSentence(await run('replica', '--dir', directory, '--id', '1'), saying)
  })

  test('a damaged cluster file', async () => {
    const directory = await initialised()
    const path = join(directory, 'cluster.json')
    const text = readFileSync(path, 'utf8')
    const damage = (changed: string, saying: RegExp) => {
      writeFileSync(path, changed)
      return run('replica', '--dir', directory, '--id', '1').then((finished) =>
        expectSentence(finished, saying),
      )
    }
    await damage(text.slice(0, -20), /it is not JSON/)
    await damage(text.replace('"n": 4', '"n": 5'), /4 replicas and n = 5/)
    await damage(text.replace(/"nonce": "./, '"nonce": "Z'), /at "nonce"/)
    await damage(text.replace(/"storeBytesMax": \d/, '"storeBytesMax": 9'), /cluster id does not belong/)
    const identity = `"publicKey": "01${'00'.repeat(31)}"`
    await damage(
      text.replace(/"publicKey": "[0-9a-f]{64}"/, identity),
      /replica 0 is refused \(small-order\)/,
    )
  })

  test('a port that is taken, of a replica and of the gateway', async () => {
    const directory = await initialised()
    const { replicas } = JSON.parse(readFileSync(join(directory, 'cluster.json'), 'utf8')) as {
      replicas: { address: string }[]
    }
    const port = Number(replicas[1]?.address.split(':')[1])
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    try {
      expectSentence(await run('replica', '--dir', directory, '--id', '1'), new RegExp(`${port}`))
      expectSentence(await run('gateway', '--dir', directory, '--port', `${port}`), /is already in use/)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  test('wrong usage', async () => {
    const directory = kit.directory()
    expect((await run('init', '--dir', directory, '--replicas', '5')).code).toBe(2)
    expect((await run('replica', '--dir', directory)).code).toBe(2)
    expect((await kit.run('nonsense')).code).toBe(2)
    expect((await run('--help')).code).toBe(0)
    expectSentence(await run('status', '--dir', directory), /No cluster runs in/)
    expectSentence(await run('get', 'a', '--url', 'http://127.0.0.1:1'), /cannot be reached/)
    const made = await initialised()
    expectSentence(await run('init', '--dir', made), /exists already/)
    expectSentence(await run('replica', '--dir', made, '--id', '9'), /there is no replica 9/)
  })
})

test('keygen on each machine and init --public-keys make a cluster whose secrets were never together', async () => {
  const machines = Array.from({ length: 4 }, () => kit.directory())
  const central = kit.directory()
  for (const [id, machine] of machines.entries()) {
    const { stdout, code } = await run('keygen', '--dir', machine, '--id', `${id}`)
    expect(code).toBe(0)
    writeFileSync(join(central, `${id}.json`), stdout)
  }
  const files = machines.map((_, id) => join(central, `${id}.json`)).join(',')
  expect((await run('init', '--dir', central, '--base-port', '0', '--public-keys', files)).code).toBe(0)
  for (const machine of machines)
    writeFileSync(join(machine, 'cluster.json'), readFileSync(join(central, 'cluster.json')))
  const started = deeper([3], [0, 1, 2, 3]).map((id) =>
    kit.start('replica', '--dir', machines[id] ?? '', '--id', `${id}`),
  )
  for (const { output } of started) await until('it is ready', () => output.stdout.includes('"msg":"ready"'))
  expect(started.map(({ exitCode }) => exitCode)).toEqual(started.map(() => null))
  if (!IS_DEEP) return
  const gateway = kit.start('gateway', '--dir', central, '--port', '0')
  await until('the gateway listens', () => gateway.output.stdout.includes('http://'))
  const url = /http:\/\/\S+/.exec(gateway.output.stdout)?.[0] ?? ''
  await until('a quorum answers', () => isReady(url))
  expect((await http(`${url}/v1/kv/a`, 'PUT', '1')).status).toBe(200)
})
