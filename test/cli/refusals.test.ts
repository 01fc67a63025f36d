/** A refusal of the system is one sentence and exit code 2 at every command; a fault of the program is neither. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { OperatorError } from '../../src/base/operator-error.ts'
import { LogFailed } from '../../src/io/file-log-errors.ts'
import { PageStoreFailed } from '../../src/io/page-store-errors.ts'
import { operatorErrorOf } from '../../src/io/system-error.ts'
import { expectSentence, runHere, Scratch } from './command-kit.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())
const below = `${scratch.file}/below`

const refusal = (code: string, syscall: string, facts: object): Error =>
  Object.assign(new Error(`${code}: ${syscall}`), { code, syscall, ...facts })

test.each([
  ['EACCES', 'open', { path: '/d/f' }, '/d/f cannot be opened: this user lacks the permission'],
  ['EPERM', 'chmod', { path: '/d/f' }, '/d/f cannot be changed'],
  ['EROFS', 'mkdir', { path: '/d' }, '/d cannot be made: the file system is read-only'],
  ['ENOSPC', 'write', {}, 'A file cannot be written: the disk is full'],
  ['EDQUOT', 'fsync', {}, 'A file cannot be written: the disk quota is used up'],
  ['EIO', 'read', {}, 'A file cannot be read: the disk reports an error'],
  ['EMFILE', 'open', { path: '/d/f' }, 'raise the limit, for example with "ulimit -n 4096"'],
  ['EMFILE', 'spawn node', { path: 'node' }, 'The process node cannot be started: too many files are open'],
  ['ENOENT', 'open', { path: '/d/f' }, '/d/f cannot be opened: it does not exist'],
  ['EISDIR', 'read', {}, 'it is a directory'],
  ['ENOTDIR', 'mkdir', { path: '/f/d' }, 'a file stands where a directory belongs'],
  ['EADDRINUSE', 'listen', { address: '::1', port: 7400 }, 'Cannot listen on [::1]:7400: another program'],
  ['EADDRNOTAVAIL', 'listen', { address: '10.9.8.7', port: 1 }, 'does not belong to this machine'],
  ['EACCES', 'listen', { address: '127.0.0.1', port: 80 }, 'Cannot listen on 127.0.0.1:80: this user lacks'],
  ['ENOTFOUND', 'getaddrinfo', { hostname: 'h' }, 'The host h cannot be found: the host name is not known'],
  ['EAI_AGAIN', 'getaddrinfo', { hostname: 'h' }, 'cannot be looked up now; check the network'],
  ['ECONNREFUSED', 'connect', { address: '127.0.0.1', port: 1 }, 'Cannot connect to 127.0.0.1:1'],
])('%s of %s', (code, syscall, facts, sentence) => {
  const { message } = operatorErrorOf(refusal(code, syscall, facts)) ?? {}
  expect(message).toContain(sentence)
  expect(message).toContain(`(${code})`)
  expect(message).not.toContain('\n')
})

test('a fault of the program is not taken for a refusal', () => {
  for (const fault of [
    new TypeError('x is not a function'),
    refusal('EBADF', 'write', {}),
    refusal('ERR_ASSERTION', 'open', {}),
    Object.assign(new Error('no call'), { code: 'ENOENT' }),
    'a text',
    undefined,
  ]) {
    expect(operatorErrorOf(fault)).toBeNull()
  }
})

test('a disk that fails while it is in use is for a person as well', () => {
  const cause = refusal('ENOSPC', 'write', {})
  expect(new LogFailed('Writing the log failed', cause)).toBeInstanceOf(OperatorError)
  expect(new PageStoreFailed('Writing pages failed', cause)).toBeInstanceOf(OperatorError)
})

describe('a path that cannot be', () => {
  test.each([
    [['init', '--dir', below]],
    [['keygen', '--id', '0', '--dir', below]],
    [['replica', '--id', '0', '--dir', below]],
    [['gateway', '--dir', below]],
    [['up', '--dir', below]],
    [['status', '--dir', below]],
    [['bench', '--dir', below]],
    [['bench', 'failover', '--dir', below]],
    [['bench', 'endurance', '--dir', below]],
    [['bench', 'compare', '--dir', below]],
    [['attack', 'mute', '--in', 'simulator', '--html', below]],
    [['attack', `${below}.mjs`]],
    [['attack', 'mute', '--play', '0', '--dir', below]],
    [['costs', '--html', below]],
    [['simulate', '--plan', below]],
    [['simulate', '--save-plan', below]],
    [['simulate', '--playground', below]],
    [['check', below]],
    [['check', scratch.directory]],
    [['verify', below, '--cluster', below]],
    [['init', '--dir', scratch.path('new'), '--public-keys', [1, 2, 3, 4].map(() => below).join()]],
  ])('%j', async (words) => expectSentence(await runHere(words)))
})

describe('a file that is something else', () => {
  const made = (name: string, text: string): string => {
    writeFileSync(scratch.path(name), text)
    return scratch.path(name)
  }

  test.each(['', 'no JSON', '[]', 'null', '{"gateway":{}}', '{"gateway":{"url":7}}'])(
    'run.json holds %j',
    async (text) => {
      const directory = scratch.path(`run-${text.length}`)
      mkdirSync(directory)
      writeFileSync(`${directory}/run.json`, text)
      expectSentence(await runHere(['status', '--dir', directory]), 'does not name a gateway')
    },
  )

  test.each(['', 'no JSON', '[]', 'null', '{}'])(
    'a plan, evidence, a history or a key of %j',
    async (text) => {
      const file = made('something', text)
      expectSentence(await runHere(['simulate', '--plan', file]))
      expectSentence(await runHere(['check', file]))
      expectSentence(await runHere(['verify', file, '--cluster', file]))
      const keys = [file, file, file, file].join()
      expectSentence(await runHere(['init', '--dir', scratch.path('other'), '--public-keys', keys]))
    },
  )
})

test.each(['<p/>', '', '{}', '[]', 'null', '7', '{"items":[7],"count":"many","replicas":[{"id":0}]}'])(
  'what answers at the URL is not a gateway: %j',
  async (body) => {
    const server = createServer((_request, response) => response.end(body))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    try {
      const url = `http://127.0.0.1:${port}`
      for (const words of [['status'], ['put', 'a', 'b'], ['del', 'a'], ['list']]) {
        expectSentence(await runHere([...words, '--url', url]), 'not a strategos gateway')
      }
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  },
)

test.each([
  ['is no HTTP', 'nonsense\r\n\r\n', 'it does not speak HTTP'],
  ['is gone', '', 'cannot be reached'],
  ['ends too soon', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{', 'cannot be reached'],
])('what answers at the URL %s', async (_what, bytes, saying) => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {}).resume()
    socket.once('data', () => socket.end(bytes, () => socket.destroySoon()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    expectSentence(await runHere(['get', 'a', '--url', `http://127.0.0.1:${port}`]), saying)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})
