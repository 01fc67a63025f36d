/** The doctor's findings on a directory that is damaged in each way, and that it changes nothing. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectSentence, runHere, Scratch } from './command-kit.ts'

const scratch = new Scratch()
const whole = scratch.path('whole')
const other = scratch.path('other')

beforeAll(async () => {
  for (const dir of [whole, other]) {
    expect((await runHere(['init', '--dir', dir, '--base-port', '0'])).code).toBe(0)
  }
})
afterAll(() => scratch.remove())

const contentsOf = (directory: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [path, readFileSync(path, 'latin1')]),
  )

test('a directory as it was made has nothing wrong', async () => {
  const found = await runHere(['doctor', whole])
  expect([found.code, found.stdout]).toEqual([0, expect.stringContaining('Nothing is wrong')])
  expect(found.stdout).toContain('replica 3, client gateway, client operator')
})

test.each<readonly [string, (dir: string) => void, string, string]>([
  [
    'a key that others may read',
    (dir) => chmodSync(join(dir, 'replica-1/secret.key'), 0o644),
    'its mode is 0644',
    'chmod 600',
  ],
  ['a key that is gone', (dir) => rmSync(join(dir, 'replica-1/secret.key')), 'is missing', 'cp '],
  [
    'the key of another replica',
    (dir) => copyFileSync(join(dir, 'replica-2/secret.key'), join(dir, 'replica-1/secret.key')),
    'is not that of replica 1',
    'keygen --show',
  ],
  [
    'the cluster file of another cluster',
    (dir) => copyFileSync(join(other, 'cluster.json'), join(dir, 'cluster.json')),
    'belongs to no client in cluster.json',
    'keygen --show',
  ],
  [
    'a cluster file that is gone',
    (dir) => rmSync(join(dir, 'cluster.json')),
    'There is no cluster file',
    'cp ',
  ],
  [
    'a cluster file that is cut off',
    (dir) => writeFileSync(join(dir, 'cluster.json'), '{'),
    'cluster.json',
    'cp ',
  ],
  [
    'a log that is gone',
    (dir) => rmSync(join(dir, 'replica-1/log'), { recursive: true }),
    'has forgotten',
    'strategos replica',
  ],
  [
    'timestamps that are damaged',
    (dir) => writeFileSync(join(dir, 'clients/gateway.timestamps'), 'x'),
    'The timestamps in',
    'keygen --dir',
  ],
])('%s', async (name, damage, problem, command) => {
  const dir = scratch.path(name.replaceAll(' ', '-'))
  cpSync(whole, dir, { recursive: true })
  damage(dir)
  const before = contentsOf(dir)
  const found = await runHere(['doctor', dir])
  expect([found.code, found.stderr]).toEqual([1, ''])
  expect(found.stdout).toContain(problem)
  expect(found.stdout).toContain(command)
  expect(contentsOf(dir)).toEqual(before)
})

test('a certificate that ends soon', async () => {
  const dir = scratch.path('certified')
  cpSync(whole, dir, { recursive: true })
  await runHere(['certificate', '--dir', dir, '--days', '3'])
  const { code, stdout } = await runHere(['doctor', dir, '--json'])
  expect(code).toBe(1)
  const { findings } = JSON.parse(stdout) as { findings: readonly { path: string; command: string }[] }
  expect(findings).toEqual([
    expect.objectContaining({
      path: join(dir, 'tls/gateway.crt'),
      command: expect.stringContaining('strategos certificate'),
    }),
  ])
})

test('a replica that runs is named, and its log is left alone', async () => {
  const dir = scratch.path('running')
  cpSync(whole, dir, { recursive: true })
  rmSync(join(dir, 'replica-1/log'), { recursive: true })
  const note = { process: process.ppid, host: hostname(), since: '2020-01-01T00:00:00Z' }
  mkdirSync(join(dir, 'replica-1/lock'), { recursive: true })
  writeFileSync(join(dir, 'replica-1/lock/holder'), JSON.stringify(note))
  const found = await runHere(['doctor', dir])
  expect([found.code, found.stdout]).toEqual([
    0,
    expect.stringContaining(`in use by process ${process.ppid}`),
  ])
})

test('a directory that is not there', async () => {
  expectSentence(await runHere(['doctor', scratch.path('nothing')]), 'does not exist')
})
