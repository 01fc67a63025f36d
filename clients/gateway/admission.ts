/** How much the gateway takes on at once, in all and for each connection, so that one caller does not use it all up. */
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { VALUE_BYTES_MAX } from '../../src/store/operations.ts'
import { Problem } from './problem.ts'

/** Calls that wait for their answer, in all and on one connection: HTTP lets a caller send many before it reads. */
const WAITING_MAX = 4_096
export const WAITING_PER_CONNECTION_MAX = 64
/** Bytes of the bodies of those calls, as announced; of one that says nothing, as many as it may have. */
const WAITING_BYTES_MAX = 128 * 1024 * 1024
/** Connections at once; the system refuses more. */
const CONNECTIONS_MAX = 1_024
/** Milliseconds until a whole request has to be there, its headers, and how long a connection may be silent. */
export const TIMEOUTS = { request: 15_000, headers: 5_000, idle: 30_000 }
/** Seconds after which a caller that was refused may try again. */
const RETRY_AFTER_SECONDS = '1'
/** Answered even when nothing else is: it asks for nothing. */
const ALWAYS = '/healthz'

/** Refuses what is too much with `busy`, before a byte of its body is read. // PBFT-5.5 */
export function limitAdmission(server: FastifyInstance): void {
  const ofConnection = new WeakMap<Socket, number>()
  let waiting = 0
  let waitingBytes = 0
  server.server.maxConnections = CONNECTIONS_MAX
  server.server.headersTimeout = TIMEOUTS.headers
  server.addHook('onRequest', async (request, reply) => {
    if (request.url === ALWAYS) return
    const { socket } = request.raw
    const bytes = announcedBytes(request)
    const here = ofConnection.get(socket) ?? 0
    const isTooMuch =
      here >= WAITING_PER_CONNECTION_MAX || waiting >= WAITING_MAX || waitingBytes + bytes > WAITING_BYTES_MAX
    if (isTooMuch) {
      reply.header('retry-after', RETRY_AFTER_SECONDS)
      throw new Problem('busy', 'too many calls wait for an answer')
    }
    ofConnection.set(socket, here + 1)
    waiting++
    waitingBytes += bytes
    // Comes once, whether it was answered or its caller went away.
    reply.raw.once('close', () => {
      ofConnection.set(socket, (ofConnection.get(socket) ?? 1) - 1)
      waiting--
      waitingBytes -= bytes
    })
  })
}

function announcedBytes({ headers }: FastifyRequest): number {
  const announced = Number(headers['content-length'] ?? 0)
  if (headers['transfer-encoding'] !== undefined || !Number.isFinite(announced)) return VALUE_BYTES_MAX
  return Math.min(announced, VALUE_BYTES_MAX)
}
