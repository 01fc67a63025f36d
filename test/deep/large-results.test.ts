/** Many large results while a replica is dead: an executed request is never reported as refused. */
import { afterEach, expect, test } from 'vitest'
import { end, http, ProcessKit } from '../integration/process-kit.ts'

/** Of each loop, one after another: more results than replicas keep. */
const READS = 10
const WRITES = 40

const kit = new ProcessKit()
afterEach(() => kit.cleanUp())

test('reads of large values that outrun the kept results are made again, and no write is called stale', async () => {
  const { gateway, replicas } = await kit.up(kit.directory())
  const large = 'v'.repeat(1_000_000)
  for (const name of ['a', 'b', 'c', 'd']) {
    expect((await http(`${gateway.url}/v1/kv/${name}`, 'PUT', large)).status).toBe(200)
  }
  end(replicas[3]?.pid ?? 0, 'SIGKILL')
  const codes = new Map<string, number>()
  const loop = async (calls: number, call: () => ReturnType<typeof http>): Promise<void> => {
    for (let count = 0; count < calls; count += 1) {
      const { status, json } = await call()
      const code = status === 200 ? 'ok' : `${String(json['code'])}: ${String(json['detail'])}`
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
  }
  await Promise.all([
    ...Array.from({ length: 24 }, (_, index) =>
      loop(READS, () => http(`${gateway.url}/v1/kv/${'abcd'[index % 4]}`)),
    ),
    ...Array.from({ length: 6 }, (_, index) =>
      loop(WRITES, () => http(`${gateway.url}/v1/kv/small-${index}`, 'PUT', 'x')),
    ),
  ])
  expect(codes.get('ok')).toBeGreaterThan(24)
  const wrong = [...codes.keys()].filter(
    (code) => code !== 'ok' && !code.startsWith('unknown: it was executed'),
  )
  expect(wrong).toEqual([])
})
