/** Admission control on a test server: only received bytes count, and a caller who asks for little is admitted. */
import { connect, type Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Admission, CONNECTIONS_MAX } from '../../clients/gateway/admission.ts'
import { readBodies } from '../../clients/gateway/body-reader.ts'
import { Problem, sendProblem } from '../../clients/gateway/problem.ts'

const MIB = 1024 * 1024
let server: FastifyInstance
let port = 0
let sockets: Socket[] = []

beforeEach(async () => {
  server = Fastify({ bodyLimit: MIB, forceCloseConnections: true })
  server.setErrorHandler((error, _request, reply) =>
    sendProblem(reply, error instanceof Problem ? error : new Problem('internal', `${error}`)),
  )
  const admission = new Admission()
  admission.guard(server)
  readBodies(server, admission)
  server.put('/', async (request) => ({ bytes: (request.body as Uint8Array).length }))
  await server.listen({ host: '127.0.0.1', port: 0 })
  port = (server.server.address() as { port: number }).port
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  await server.close()
})

/** A connection that sends only these bytes, and its answer. */
async function stranger(said: string | Buffer): Promise<{ readonly socket: Socket; answer: string }> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  const end = { socket, answer: '' }
  socket
    .on('error', () => {})
    .on('data', (part: Buffer) => {
      end.answer += part.toString('latin1')
    })
  await new Promise<void>((resolve) => {
    socket.once('close', resolve)
    socket.once('connect', () => (said.length === 0 ? resolve() : socket.write(said, () => resolve())))
  })
  return end
}

const putOf = (announced: number, sent: number): Buffer =>
  Buffer.concat([
    Buffer.from(`PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${announced}\r\n\r\n`),
    Buffer.alloc(sent),
  ])

async function isServed(bytes: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'PUT', body: Buffer.alloc(bytes) })
  return response.status === 200 && ((await response.json()) as { bytes: number }).bytes === bytes
}

describe('a correct caller is served beside', () => {
  test('connections that announce much and send little', async () => {
    for (let made = 0; made < 150; made++) await stranger(putOf(MIB, 1))
    expect(await isServed(MIB)).toBe(true)
  })

  test('bodies that lack their last byte', async () => {
    const ends = []
    for (let made = 0; made < 60; made++) ends.push(await stranger(putOf(MIB, MIB - 1)))
    expect([await isServed(1), await isServed(MIB)]).toEqual([true, true])
    expect(ends.some(({ answer }) => answer.startsWith('HTTP/1.1 429'))).toBe(true)
  })

  test('more silent connections than there may be', async () => {
    const ends = []
    for (let made = 0; made < CONNECTIONS_MAX + 100; made++) ends.push(await stranger(''))
    expect(await isServed(MIB)).toBe(true)
    expect(ends[0]?.socket.destroyed).toBe(true)
    expect(ends.at(-1)?.socket.destroyed).toBe(false)
  })
})

test('a body that is longer than it may be is refused, announced or not', async () => {
  expect(
    (await fetch(`http://127.0.0.1:${port}/`, { method: 'PUT', body: Buffer.alloc(MIB + 1) })).status,
  ).toBe(413)
  const chunked = await stranger(
    Buffer.concat([
      Buffer.from('PUT / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n'),
      Buffer.alloc(2 * MIB),
    ]),
  )
  await new Promise<void>((resolve) => chunked.socket.once('close', () => resolve()))
  expect(chunked.answer === '' || chunked.answer.startsWith('HTTP/1.1 413')).toBe(true)
})
