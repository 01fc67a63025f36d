/** Finds free ports of the loopback interface for replicas without given ports. */
import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { OperatorError } from '../src/base/operator-error.ts'

/**
 * The range of ports, below the ephemeral ports of outgoing connections (32768 and up on Linux, 49152 and up
 * elsewhere), so that no connection takes the port of a replica that is down for a while.
 */
const LOWEST = 10_000
const END = 32_768
const TRIES_MAX = 100
const PORT_MAX = 65_535

/** Returns `count` consecutive free ports. The start is random, so that two concurrent callers rarely collide. */
export async function freePorts(count: number): Promise<readonly number[]> {
  for (let tried = 0; tried < TRIES_MAX; tried++) {
    const base = randomInt(LOWEST, END - count)
    if (await areFree(base, count)) return portsFrom(base, count)
  }
  throw new OperatorError(`No ${count} consecutive free ports were found on 127.0.0.1.`)
}

/** True if nobody listens on any of the `count` ports from `base` on. */
export async function areFree(base: number, count: number): Promise<boolean> {
  const servers: Server[] = []
  try {
    for (const port of portsFrom(base, count)) servers.push(await listenOnLoopback(port))
    return true
  } catch (error) {
    if (['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

/** Returns `count` consecutive ports. Throws an `OperatorError` if there are fewer. */
export function portsFrom(base: number, count: number): readonly number[] {
  if (!(base >= 1 && base + count - 1 <= PORT_MAX)) {
    throw new OperatorError(`--base-port ${base} leaves no port for each of ${count} replicas.`)
  }
  return Array.from({ length: count }, (_, index) => base + index)
}

function listenOnLoopback(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
