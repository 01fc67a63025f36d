/** The ports of replicas that are given none. */
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { areFree, freePorts } from '../../replicas/free-ports.ts'

const listening = async (port: number): Promise<() => Promise<void>> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return () => new Promise((resolve) => server.close(() => resolve()))
}

test('lie in a row, below those of outgoing connections', async () => {
  const ports = await freePorts(7)
  const [base = 0] = ports
  expect(ports).toEqual(Array.from({ length: 7 }, (_, index) => base + index))
  expect(base).toBeGreaterThanOrEqual(10_000)
  expect(ports.at(-1)).toBeLessThan(32_768)
})

test('are not free while anybody listens on one of them', async () => {
  const [base = 0] = await freePorts(4)
  const stop = await listening(base + 2)
  try {
    expect(await areFree(base, 4)).toBe(false)
    expect(await areFree(base, 2)).toBe(true)
  } finally {
    await stop()
  }
  expect(await areFree(base, 4)).toBe(true)
})
