/** The command watch, through HTTP to a store of this process that ends the watch when all was printed. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { WatchServer } from '../clients/watch-server.ts'
import { expectSentence, runHere } from './command-kit.ts'

const local = new WatchServer()
let url = ''
afterAll(() => local.close())
beforeEach(async () => {
  url = await local.clear()
  for (const [key, value] of ['a3', 'b2', 'a9'] as const) local.put(key ?? '', value ?? '')
  local.remove('b')
})

/** Prints the changes, and then learns that the replicas refuse the client. */
async function linesOf(line: string): Promise<readonly string[]> {
  local.endAfter(1)
  const { code, stdout, stderr } = await runHere([...line.split(' '), '--url', url])
  expect([code, stderr]).toEqual([1, 'refused: no such client\n'])
  return stdout.split('\n').slice(0, -1)
}

test('prints a change in each line', async () => {
  expect(await linesOf('watch --after 0')).toEqual([
    '2\tput\ta\t3',
    '3\tput\tb\t2',
    '4\tput\ta\t9',
    '5\tdelete\tb',
  ])
})

test.each([
  ['watch b --after 0', ['3\tput\tb\t2', '5\tdelete\tb']],
  ['watch --prefix a --after 2', ['4\tput\ta\t9']],
  ['watch --from b --after 0 --only delete', ['5\tdelete\tb']],
  ['watch --to b --after 2 --previous', ['4\tput\ta\t9\t3']],
  ['watch b --after 4 --previous', ['5\tdelete\tb\t\t2']],
])('%s', async (line, expected) => {
  expect(await linesOf(line)).toEqual(expected)
})

test('prints a document in each line for programs', async () => {
  local.endAfter(1)
  const { stdout } = await runHere(['watch', '--after', '3', '--json', '--url', url])
  const [put, removal] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(put).toEqual({ type: 'put', key: 'a', version: 2, createRevision: 2, modRevision: 4, text: '9' })
  expect(removal).toEqual({ type: 'delete', key: 'b', modRevision: 5 })
})

test('continues after the last change when the gateway is back', async () => {
  local.loseAfter(3)
  const { code, stdout, stderr } = await runHere(['watch', '--after', '1', '--url', url])
  expect(stdout).toBe('2\tput\ta\t3\n3\tput\tb\t2\n4\tput\ta\t9\n5\tdelete\tb\n6\tput\tlate\t\n')
  expect(stderr).toContain('the connection to the gateway is lost')
  expect(code).toBe(1)
})

test('a compacted revision is an error of the store, and an invalid range is a sentence', async () => {
  local.compact(4)
  expect(await runHere(['watch', '--after', '1', '--url', url])).toMatchObject({
    ...{ code: 1, stdout: '', stderr: 'compacted: the changes before revision 4 were compacted\n' },
  })
  expectSentence(await runHere(['watch', 'a', '--prefix', 'b', '--url', url]), 'Both the key "a" and a range')
  expectSentence(await runHere(['watch', '--only', 'puts', '--url', url]), 'Allowed choices are put, delete')
})
