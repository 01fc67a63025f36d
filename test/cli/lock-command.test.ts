/**
 * The commands lock and elect on a store in this process: the queue, the environment of the command, and the cleanup.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { watchRoutes } from '../../clients/gateway/watch-routes.ts'
import { Watches } from '../../clients/library/watches.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { StoreServer } from '../clients/store-server.ts'
import { PATIENT } from '../kit/patience.ts'
import { runHere, Scratch } from './command-kit.ts'

const scratch = new Scratch()
const local = new StoreServer()
const execute = async (operation: Operation): Promise<Result> => local.store.run(operation)[0] as Result
const watches = new Watches({ execute }, { pauseMin: 5, pauseMax: 20, progress: 1_000 })
let url = ''

beforeAll(async () => {
  watchRoutes(local.routes, {
    watch: (query: Parameters<typeof watches.open>[0]) => watches.open(query),
    admission: { beginWatch: () => true },
  } as never)
  url = await local.server.listen({ host: '127.0.0.1', port: 0 })
})
afterEach(() => local.clear())
afterAll(async () => {
  watches.close()
  await local.server.close()
  scratch.remove()
})

/** A command that writes the lock's token to a file, waits until another file is there, and ends with 5. */
const script = (name: string, until = '/dev/null'): readonly string[] => [
  ...['--', 'sh', '-c'],
  `echo $STRATEGOS_LOCK_KEY $STRATEGOS_LOCK_TOKEN > ${scratch.path(name)}; while [ ! -e ${until} ]; do sleep 0.05; done; exit 5`,
]
const read = (name: string): string => readFileSync(scratch.path(name), 'utf8').trim()
const lock = (...words: readonly string[]) => runHere(['lock', 'L', '--url', url, ...words])
const leases = async (): Promise<readonly string[]> =>
  ((await (await fetch(`${url}/v1/leases`)).json()) as { leases: string[] }).leases
const placesOf = async (prefix: string): Promise<readonly string[]> => {
  const answer = await fetch(`${url}/v1/kv?prefix=${prefix}/&sort=create`)
  return ((await answer.json()) as { items: { key: string }[] }).items.map(({ key }) => key)
}

test('a command has the key and the fencing token, its exit code is passed on, and nothing is left', async () => {
  expect((await lock(...script('alone'))).code).toBe(5)
  expect(read('alone')).toMatch(/^L\/[0-9a-f]+ 2$/)
  expect(await placesOf('L')).toEqual([])
  expect(await leases()).toEqual([])
})

test('a second holder waits until the first has left, and its token is larger', async () => {
  const first = lock(...script('first', scratch.path('go')))
  await vi.waitFor(() => read('first'), PATIENT)
  const second = lock(...script('second'))
  await vi.waitFor(async () => expect(await placesOf('L')).toHaveLength(2), PATIENT)
  expect(() => read('second')).toThrow()
  writeFileSync(scratch.path('go'), '')
  await Promise.all([first, second])
  const [earlier = 0, later = 0] = ['first', 'second'].map((name) => Number(read(name).split(' ')[1]))
  expect(later).toBeGreaterThan(earlier)
})

test('a holder whose lease has ended gets an error, and its command is ended', async () => {
  const holder = lock('--ttl', '2', ...script('lost', scratch.path('never')))
  await vi.waitFor(() => read('lost'), PATIENT)
  const [lease] = await leases()
  await fetch(`${url}/v1/leases/${lease}`, { method: 'DELETE' })
  const { code, stderr } = await holder
  expect([code, stderr]).toEqual([1, expect.stringContaining('lock-lost: the lease of L/')])
})

test('what cannot be run gives the lock back', async () => {
  const { code, stderr } = await lock('--', scratch.path('no-such-program'))
  expect([code, stderr]).toEqual([2, expect.stringContaining('cannot be run')])
  expect(await placesOf('L')).toEqual([])
})

test('elect wants a value or --listen', async () => {
  for (const words of [[], ['value', '--listen']]) {
    const { code, stderr } = await runHere(['elect', 'E', ...words, '--url', url])
    expect([code, stderr]).toEqual([2, expect.stringContaining('Give either a value')])
  }
})
