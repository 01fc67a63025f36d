/** The command txn: transactions as people write them, through HTTP to a store of this process. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { transactionOf } from '../../clients/cli/transaction-text.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { StoreServer } from '../clients/store-server.ts'
import { ROOT } from '../kit/built-program.ts'
import { expectSentence, runHere, Scratch } from './command-kit.ts'

const local = new StoreServer()
const scratch = new Scratch()
let url = ''
beforeAll(async () => {
  url = await local.server.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await local.server.close()
  scratch.remove()
})
beforeEach(() => local.clear())

const run = (text: string, ...more: readonly string[]) => {
  const file = scratch.path('transaction.txt')
  writeFileSync(file, text)
  return runHere(['txn', file, '--url', url, ...more])
}

const put = (key: string, value: string) =>
  local.store.run({ kind: 'put', key: utf8(key), value: utf8(value) })

describe('txn', () => {
  test('prints what came of each step, and ends with 1 where a comparison does not hold', async () => {
    put('ann', '7')
    put('bob', '3')
    put('old', '')
    const text = `
      # Moves 2 from ann to bob.
      if
        value ann = 7
        mod bob = 3
      then
        put ann 5
        put bob 5
        put "a note" "from ann: \\"thanks\\""
        list ""
        txn
          if
            version eve > 0
          else
            del old
            del --prefix eve/
        end
      else
        get none
        get eve`
    expect(await run(text)).toEqual({
      code: 0,
      stderr: '',
      stdout: `all comparisons hold: then, revision 5
  put: version 2
  put: version 2
  put: version 1
  list: 4 keys
    a note\tfrom ann: "thanks"
    ann\t5
    bob\t5
    old\t
  a comparison does not hold: else, revision 5
    del: 1 key
    del: 0 keys
`,
    })
    expect(await run(text)).toMatchObject({
      code: 1,
      stdout: `a comparison does not hold: else, revision 5
  get: there is no such key
  get: there is no such key
`,
    })
  })

  test('takes a document, and gives the answer as JSON', async () => {
    const document = JSON.stringify({ success: [{ put: { key: 'a', text: '1' } }, { get: { key: 'a' } }] })
    const { stdout, code } = await run(document, '--json')
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { succeeded: true, results: [{}, { get: { text: '1' } }] },
    ])
  })

  test('a refusal of the store is a sentence', async () => {
    expect(await run('then\nput a 1\nput a 2')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'bad-request: a branch of the transaction writes a key twice\n',
    })
  })

  test.each([
    ['put a 1', 'Line 1 of the transaction is wrong: a transaction must begin with "if" or "then".'],
    ['then\nput a', 'Line 2 of the transaction is wrong: expected put KEY VALUE'],
    ['then\npost a', '"post" is not a step'],
    ['then\nput "a 1', 'a quote is not closed'],
    ['then\nput "a"b 1', 'something follows it without a space'],
    ['then\nget \\q', 'a backslash must be followed by'],
    ['if\nsize a = 1', '"size" is not one of value, version, create, mod'],
    ['if\nversion a ~ 1', '"~" is not one of =, !=, <, >'],
    ['if\nversion a = x', '"x" is not a whole number'],
    ['if\nversion a', 'expected version KEY = OPERAND'],
    ['then\nif', '"if" stands after "then"'],
    ['then\ntxn\nthen\nget a', 'Line 2 of the transaction is wrong: the txn that begins here has no "end"'],
    ['then\nget a\nend', '"end" is not a step'],
    ['{', 'is not JSON'],
  ])('%j is a sentence about the line', async (text, sentence) => {
    expectSentence(await run(text), sentence)
  })

  test('a file that is not there is a sentence', async () => {
    expectSentence(await runHere(['txn', scratch.path('none'), '--url', url]), 'cannot be read (ENOENT)')
  })
})

test('the examples of the documentation are transactions', () => {
  const readme = readFileSync(join(ROOT, 'clients/README.md'), 'utf8')
  const examples = [...readme.matchAll(/strategos txn <<'END'\n([\s\S]*?)\nEND\n/g)].map(
    ([, text]) => text ?? '',
  )
  expect(examples.length).toBeGreaterThanOrEqual(2)
  for (const text of examples) expect(transactionOf(text).success.length).toBeGreaterThan(0)
})

test('a lease is compared, and attached by a put', async () => {
  local.store.run({ kind: 'lease-grant', id: 0xcafen, ttl: 60 })
  const text = 'if\n  lease job = 0\nthen\n  put job mine --lease cafe\nelse\n  get job'
  expect((await run(text)).code).toBe(0)
  expect((await run(text)).code).toBe(1)
  expect((await run(text.replace('= 0', '= CAFE'))).code).toBe(0)
  expect((await run('then\n  put job mine --lease beef')).stderr).toContain('lease-not-found')
  for (const wrong of ['put a b --lease', 'put a b --lease x', 'put a b --lease 1 2', 'get a --lease 1']) {
    expectSentence(await run(`then\n  ${wrong}`), /^Line 2 of the transaction is wrong/)
  }
  expectSentence(await run('if\n  lease a = xyz\nthen\n  get a'), 'is not the id of a lease')
})

test('a transaction is executed once under its idempotency key', async () => {
  const text = 'if\n  version n = 0\nthen\n  put n 1\nelse\n  put n 2'
  const [first, again] = [
    await run(text, '--idempotency-key', 'k1'),
    await run(text, '--idempotency-key', 'k1'),
  ]
  expect(again).toEqual(first)
  expect((await run(text, '--idempotency-key', 'k2')).code).toBe(1)
  expect((await run('then\n  put n 3', '--idempotency-key', 'k1')).stderr).toContain('idempotency-key-reused')
  expectSentence(await run(text, '--idempotency-key', 'a b'), '1 to 64 visible characters')
})
