/** Directories that are in use, by real processes: a second one is refused and leaves everything as it was. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { initCluster } from '../../replicas/init.ts'
import { hasNamespaces, OWN_NAMESPACES, traces } from '../io/other-process.ts'
import { deeper, IS_DEEP } from '../kit/depth.ts'
import { runCommand } from './command-run.ts'
import { type Finished, http, isReady, ProcessKit, until } from './process-kit.ts'

// Whole clusters are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 300_000 })

let kit: ProcessKit
afterEach(() => kit.cleanUp())

function expectRefusal({ code, stderr }: Finished, pattern: RegExp): void {
  expect(stderr).toMatch(pattern)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(2)
}

async function started(...args: readonly string[]) {
  const child = kit.start(...args)
  await until(`${args[0]} is ready`, () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${child.output.stderr}`)
    return /"msg":"ready"|listens/.test(child.output.stdout)
  })
  return child
}

// `cluster.test.ts` has the refusals themselves, `test/io/directory-lock.test.ts` the locks between containers.
test.runIf(IS_DEEP)(
  'a second replica, gateway or up leaves every byte and file of the first untouched, also from another container',
  async () => {
    kit = new ProcessKit()
    const directory = kit.directory()
    const { gateway, replicas, process: up } = await kit.up(directory)
    expect((await http(`${gateway.url}/v1/kv/a`, 'PUT', '1')).status).toBe(200)
    const pids = [gateway.pid, ...replicas.map(({ pid }) => pid), up.pid ?? 0]
    // Suspended processes change nothing, so any change is the second one's.
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    const before = traces(directory)
    const named = (what: string) => new RegExp(`${what}.* is in use by process \\d+ on host \\S+, started at`)
    // In another container, only the lock shows that a process is running.
    const places = [[], ...(hasNamespaces() ? [OWN_NAMESPACES] : [])]
    for (const place of places) {
      const replica = await kit.runBehind(place, 'replica', '--dir', directory, '--id', '1')
      expectRefusal(replica, named('Replica 1 in'))
      const second = await kit.runBehind(place, 'gateway', '--dir', directory, '--port', '0')
      expectRefusal(second, named('The client key'))
      expectRefusal(
        await kit.runBehind(place, 'up', '--dir', directory, '--port', '0'),
        named('The cluster in'),
      )
      expect(traces(directory)).toEqual(before)
    }
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    await until('requests are served', () => isReady(gateway.url))
    expect((await http(`${gateway.url}/v1/kv/a`)).text).toBe('1')
  },
)

test(`a killed replica${deeper('', ' and a killed gateway')} is started again at once; lock files of an earlier version bar nobody`, async () => {
  kit = new ProcessKit()
  const directory = kit.directory()
  await initCluster({ directory, replicas: 4, suite: 'sodium', basePort: 0 })
  for (const path of ['replica-0/log/lock', 'clients/gateway.lock']) {
    writeFileSync(join(directory, path), `${process.pid}`)
  }
  const replica = ['replica', '--dir', directory, '--id', '0']
  const commands = deeper([replica], [replica, ['gateway', '--dir', directory, '--port', '0']])
  for (const command of commands) {
    for (let round = 0; round < deeper(1, 2); round++) {
      const child = await started(...command)
      const ended = new Promise((done) => child.once('exit', done))
      child.kill('SIGKILL')
      await ended
    }
    await started(...command)
  }
})

test('keygen removes nothing of a replica that runs, though its key is gone', async () => {
  kit = new ProcessKit()
  const directory = kit.directory()
  await initCluster({ directory, replicas: 4, suite: 'sodium', basePort: 0 })
  const child = await started('replica', '--dir', directory, '--id', '2')
  const key = join(directory, 'replica-2', 'secret.key')
  const secret = readFileSync(key)
  rmSync(key)
  child.kill('SIGSTOP')
  const before = traces(join(directory, 'replica-2'))
  expectRefusal(
    await runCommand(kit, 'keygen', '--dir', directory, '--id', '2'),
    /in use by process|exists already/,
  )
  expect(traces(join(directory, 'replica-2'))).toEqual(before)
  child.kill('SIGCONT')
  writeFileSync(key, secret, { mode: 0o600 })
})
