/** A cluster of auth oral as processes: it serves as any other, and says what it cannot give. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { deeper, IS_DEEP } from '../kit/depth.ts'
import { runCommand } from './command-run.ts'
import { expectLinearizable, Fleet } from './fleet.ts'
import { http, isReady, ProcessKit, until } from './process-kit.ts'

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

/** It answers, says which mode it is of, and why it has no evidence. */
async function expectToServe(fleet: Fleet): Promise<void> {
  const { gatewayUrl, directory } = fleet
  await until('the gateway is ready', () => isReady(gatewayUrl))
  const url = `${gatewayUrl}/v1/kv/greeting`
  expect((await http(url, 'PUT', 'hello')).json).toMatchObject({ key: 'greeting', version: 1 })
  expect((await http(url)).text).toBe('hello')
  expect(await fleet.status()).toMatchObject({ auth: 'oral', stalled: null })

  for (const asked of [`${gatewayUrl}/v1/evidence`, `${url}?receipt=1`]) {
    const { status, json } = await http(asked)
    expect([status, json['code']]).toEqual([404, 'no-evidence'])
    expect(json['detail']).toContain('--auth oral')
  }
  const shown = join(directory, 'evidence.json')
  writeFileSync(shown, '{"evidence":[]}')
  const verified = await runCommand(kit, 'verify', shown, '--cluster', join(directory, 'cluster.json'))
  expect([verified.code, verified.stderr]).toEqual([2, expect.stringContaining('--auth oral')])
}

test('a directory of one mode is not taken for one of the other', async () => {
  const directory = kit.directory()
  expect((await runCommand(kit, 'init', '--dir', directory, '--auth', 'oral', '--base-port', '0')).code).toBe(
    0,
  )
  const up = await runCommand(kit, 'up', '--dir', directory, '--auth', 'signed', '--port', '0')
  expect([up.code, up.stderr]).toEqual([2, expect.stringContaining('a cluster of auth oral, not signed')])
})

test(`a cluster of auth oral answers; ${deeper('', 'its primary is killed, ')}a backup loses its disk, ${deeper('', 'all are killed at once, ')}and nothing that was written is lost`, async () => {
  // Checkpoints that come soon and are stored at once: what was lost is history sooner, and has to be fetched as pages.
  const replicaFlags = ['--store-after-mib', '0']
  const fleet = await Fleet.up(kit, { auth: 'oral', checkpointInterval: 16, replicaFlags })
  await expectToServe(fleet)
  const load = await fleet.startLoad()
  await load.progress(deeper(10, 20))
  if (IS_DEEP) {
    const first = (await fleet.status()).primary
    await fleet.end('SIGKILL', first)
    await load.progress(20)
    expect((await fleet.status()).view).toBeGreaterThan(0)
    await fleet.start(first)
    await fleet.level()
  }

  const { primary, view } = await fleet.status()
  const last = (primary + 3) % 4
  await fleet.end('SIGKILL', last)
  fleet.wipe(last)
  await fleet.start(last)
  await fleet.level()
  // Whoever lost its votes takes part again only in views that it cannot have voted in.
  expect((await fleet.status()).view).toBeGreaterThanOrEqual(view + 2)

  if (IS_DEEP) {
    await fleet.end('SIGKILL', ...fleet.ids)
    await fleet.start(...fleet.ids)
  }
  await load.progress(deeper(10, 20))
  await expectLinearizable(load)
})
