/** The commands of the store's history, through HTTP to a store of this process: older revisions, ranges, compaction. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import { StoreServer } from '../clients/store-server.ts'
import { expectSentence, runHere } from './command-kit.ts'

const local = new StoreServer()
let url = ''
beforeAll(async () => {
  url = await local.server.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => local.server.close())

const run = (line: string, ...more: readonly string[]) => runHere([...line.split(' '), ...more, '--url', url])
const linesOf = async (line: string, ...more: readonly string[]) => {
  const { code, stdout, stderr } = await run(line, ...more)
  expect([code, stderr]).toEqual([0, ''])
  return stdout.split('\n').slice(0, -1)
}

/** Revisions: a 2, b 3, c 4, a again 5, b deleted 6, b again 7. */
beforeEach(() => {
  local.clear()
  const put = (key: string, value: string) =>
    local.store.run({ kind: 'put', key: utf8(key), value: utf8(value) })
  for (const [key, value] of ['a3', 'b2', 'c1', 'a9'] as const) put(key ?? '', value ?? '')
  local.store.run({ kind: 'delete', key: utf8('b') })
  put('b', '5')
})

describe('get', () => {
  test('prints the value that a key had at a revision', async () => {
    expect((await run('get a --revision 2')).stdout).toBe('3')
    expect((await run('get a --revision 5')).stdout).toBe('9')
    expect((await run('get b --revision 3')).stdout).toBe('2')
    expect(JSON.parse((await run('get a --json --revision 4')).stdout)).toMatchObject({
      ...{ key: 'a', text: '3', version: 1, modRevision: 2, revision: 7 },
    })
  })

  test.each([
    ['get b --revision 6', 'not-found: the key does not exist\n'],
    ['get a --revision 9', 'future-revision: the store is at revision 7\n'],
    ['list --revision 9', 'future-revision: the store is at revision 7\n'],
    ['compact 9', 'future-revision: the store is at revision 7\n'],
  ])('%s is answered by a sentence', async (line, stderr) => {
    expect(await run(line)).toEqual({ code: 1, stdout: '', stderr })
  })
})

describe('list', () => {
  test.each([
    ['list', 'a b c'],
    ['list a', 'a'],
    ['list --prefix b', 'b'],
    ['list --from b', 'b c'],
    ['list --to c', 'a b'],
    ['list --from a --to b', 'a'],
    ['list --revision 3', 'a b'],
    ['list --revision 6', 'a c'],
    ['list --descending', 'c b a'],
    ['list --sort value', 'c b a'],
    ['list --sort mod', 'c a b'],
    ['list --sort create', 'a c b'],
    ['list --sort version --descending --limit 3', 'a b c'],
    ['list --sort mod --revision 3 --descending', 'b a'],
    ['list --keys-only', 'a b c'],
    ['list --count', '3'],
    ['list --min-mod 5', 'a b'],
    ['list --max-mod 4', 'c'],
    ['list --min-create 3 --descending', 'c b'],
    ['list --max-create 3', 'a'],
    ['list --count --revision 3', '2'],
    ['list --count --from b --limit 1', '2'],
    ['list --revision 4 --values --from b', 'b\t2 c\t1'],
  ])('%s', async (line, expected) => {
    expect((await linesOf(line)).join(' ')).toBe(expected)
  })

  test('leaves values out for a program that asks for keys only', async () => {
    const keysOnly = JSON.parse((await run('list --json --keys-only --limit 1')).stdout)
    expect(keysOnly).toMatchObject({ count: 3, revision: 7, more: true, items: [{ key: 'a', version: 2 }] })
    expect(keysOnly.items[0]).not.toHaveProperty('text')
    expect(JSON.parse((await run('list --json --limit 1')).stdout).items).toMatchObject([{ text: '9' }])
    expect(JSON.parse((await run('list --json --count')).stdout)).toMatchObject({ count: 3, items: [] })
  })

  test('prints the number of omitted keys, and how to continue', async () => {
    const { stdout, stderr } = await run('list --descending --limit 2')
    expect(stdout).toBe('c\nb\n')
    const [, cursor = ''] = /^3 keys in total; --all lists them, --cursor (\S+) continues/.exec(stderr) ?? []
    expect(await linesOf(`list --descending --cursor ${cursor}`)).toEqual(['a'])
    expect(await run('list --sort mod --limit 1')).toMatchObject({
      stdout: 'c\n',
      stderr: '3 keys in total; sorted by mod, only these are listed: raise --limit, or narrow the range\n',
    })
  })

  test('prints more keys than a page has, all of one revision', async () => {
    const keys = Array.from({ length: 1500 }, (_, index) => `many/${`${index}`.padStart(4, '0')}`)
    const put = (key: string): Operation => ({ kind: 'put', key: utf8(key), value: utf8('1') })
    local.store.run(...keys.map(put))
    const asked: number[] = []
    const execute = local.store.run.bind(local.store)
    local.store.run = (...operations) => {
      const results = execute(...operations)
      const [operation] = operations
      if (operation?.kind === 'range' && !operation.countOnly) {
        asked.push(operation.revision ?? 0)
        // Between two pages somebody deletes a key of the second one.
        execute({ kind: 'delete', key: utf8(keys.at(-1) ?? '') })
      }
      return results
    }
    expect(await linesOf('list many/ --all')).toEqual(keys)
    expect(asked).toEqual([0, 1507])
  })
})

describe('del', () => {
  test.each([
    ['del --prefix b', 'deleted 1 key at revision 8', ['a', 'c']],
    ['del --from a --to c', 'deleted 2 keys at revision 8', ['c']],
    ['del --from b', 'deleted 2 keys at revision 8', ['a']],
    ['del --to b', 'deleted 1 key at revision 8', ['b', 'c']],
    ['del --all', 'deleted 3 keys at revision 8', []],
    ['del --prefix x', 'no such key existed', ['a', 'b', 'c']],
    ['del --name --prefix \\x62', 'deleted 1 key at revision 8', ['a', 'c']],
  ])('%s', async (line, said, left) => {
    expect(await linesOf(line)).toEqual([said])
    expect(await linesOf('list')).toEqual(left)
  })

  test('gives a program the number and the revision', async () => {
    expect(JSON.parse((await run('del --json --all')).stdout)).toEqual({ revision: 8, deleted: 3 })
  })
})

test('compact gives up what is older, and a second time or a read below is answered by a sentence', async () => {
  expect(await linesOf('compact 5')).toEqual(['revisions 5 to 7 can be read'])
  const stderr = 'compacted: the oldest revision that can be read is 5\n'
  for (const line of ['get a --revision 4', 'list --revision 4', 'compact 5']) {
    expect(await run(line)).toEqual({ code: 1, stdout: '', stderr })
  }
  expect((await run('get a --revision 5')).stdout).toBe('9')
  expect(JSON.parse((await run('compact 6 --json')).stdout)).toEqual({ revision: 7, floor: 6 })
  expect(JSON.parse((await run('get a --json --revision 2')).stderr)).toMatchObject({
    ...{ code: 'compacted', floor: 6, revision: 7 },
  })
})

describe('a request that makes no sense is refused in a sentence, and deletes nothing', () => {
  test.each([
    [['del'], 'Name the key to delete'],
    [['del', '--prefix', ''], 'use --all for every key'],
    [['del', 'a', '--all'], 'Both the key "a" and a range are named'],
    [['del', 'a', '--prefix', 'a'], 'Both the key "a" and a range are named'],
    [['del', '--all', '--from', 'b'], 'cannot be used with'],
    [['del', '--prefix', 'a', '--from', 'b'], 'cannot be used with'],
    [['del', '--prefix', 'a', '--if-revision', '3'], 'cannot be used with'],
    [['del', '--all', '--if-revision', '3'], 'cannot be used with'],
    [['del', '--from', 'b', '--to', 'b'], 'No key lies between "b" and "b"'],
    [['list', 'a', '--prefix', 'b'], 'Both the prefix "a" and a range are named'],
    [['list', '--from', 'c', '--to', 'b'], 'No key lies between'],
    [['list', '--sort', 'age'], 'Allowed choices are key, version, create, mod, value'],
    [['list', '--sort', 'mod', '--all'], '--all goes beyond what a list by mod can have'],
    [['list', '--sort', 'mod', '--limit', '1001'], '--limit goes beyond'],
    [['list', '--sort', 'mod', '--cursor', 'ab'], '--cursor goes beyond'],
    [['list', '--count', '--values'], 'cannot be used with'],
    [['list', '--keys-only', '--values'], 'cannot be used with'],
    [['list', '--revision', '0'], 'Expected a whole number of at least 1'],
    [['compact', '0'], 'Expected a whole number of at least 1'],
    [['compact'], "missing required argument 'revision'"],
  ])('%j', async (words, saying) => {
    expectSentence(await runHere([...words, '--url', url]), saying)
    expect(await linesOf('list')).toEqual(['a', 'b', 'c'])
  })
})
