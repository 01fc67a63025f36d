/** An oral cluster of processes: it serves like any other, and reports what it cannot provide. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCommand } from './command-run.ts'
import { Fleet } from './fleet.ts'
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

test('a cluster of auth oral answers', async () => {
  await expectToServe(await Fleet.up(kit, { auth: 'oral' }))
})
