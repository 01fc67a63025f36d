/** The commands that make tokens and certificates, and how a command shows them to a gateway. */
import { readFileSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectSentence, runHere, Scratch } from './command-kit.ts'

const scratch = new Scratch()
const dir = scratch.path('cluster')
const tls = (name: string): string => join(dir, 'tls', name)
let server: Server
let url = ''
let token = ''

beforeAll(async () => {
  expect((await runHere(['certificate', '--dir', dir, '--names', '127.0.0.1'])).code).toBe(0)
  const added = await runHere(['token', 'add', 'alice', '--dir', dir])
  token = added.stdout.trim()
  server = createServer(
    { cert: readFileSync(tls('gateway.crt')), key: readFileSync(tls('gateway.key')) },
    (request, response) => {
      if (request.headers.authorization === `Bearer ${token}`) response.end('hello')
      else response.writeHead(401).end(JSON.stringify({ code: 'unauthenticated', detail: 'who asks?' }))
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `https://127.0.0.1:${(server.address() as { readonly port: number }).port}`
})
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve))
  scratch.remove()
})

const get = (environment: Readonly<Record<string, string>>, ...more: readonly string[]) =>
  runHere(['get', 'a', '--url', url, ...more], environment)

test('a command sends its token, from an option or from the environment, to a gateway that it trusts', async () => {
  expect((await get({}, '--ca', tls('ca.crt'), '--token', token)).stdout).toBe('hello')
  expect((await get({ STRATEGOS_TOKEN: token, STRATEGOS_CA: tls('ca.crt') })).stdout).toBe('hello')
  const refused = await get({}, '--ca', tls('ca.crt'))
  expect([refused.code, refused.stderr]).toEqual([1, 'unauthenticated: who asks?\n'])
  expectSentence(await get({ STRATEGOS_TOKEN: token }), 'is not trusted')
  expectSentence(await get({}, '--ca', scratch.path('none')), '--ca: ')
})

test('a token is kept as a hash, in a file of its owner, and shown once', async () => {
  const file = join(dir, 'tokens.json')
  expect(readFileSync(file, 'utf8')).not.toContain(token)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expectSentence(await runHere(['token', 'add', 'alice', '--dir', dir]), 'has a token named alice already')
  expectSentence(await runHere(['token', 'add', 'a b', '--dir', dir]), 'no name for a token')
  expect((await runHere(['token', 'list', '--dir', dir])).stdout).toMatch(/^\d{4}-\d\d-\d\d {2}alice\n$/)
  expect((await runHere(['token', 'revoke', 'alice', '--dir', dir])).code).toBe(0)
  expectSentence(await runHere(['token', 'revoke', 'alice', '--dir', dir]), 'has no token named alice')
  expect((await runHere(['token', 'list', '--dir', dir])).stdout).toBe('')
})

test("one authority signs the certificates of a directory, a client's too", async () => {
  const authority = readFileSync(tls('ca.crt'), 'utf8')
  const made = await runHere(['certificate', '--dir', dir, '--client', 'bob'])
  expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('--tls-client-ca')])
  expect(readFileSync(tls('ca.crt'), 'utf8')).toBe(authority)
  expect(statSync(tls('client-bob.key')).mode & 0o777).toBe(0o600)
})
