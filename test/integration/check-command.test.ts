/** The command check: exit codes, output, and one clear sentence for a file that is not a history. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { linesOf, operation } from '../linearizability/history-kit.ts'
import { runCommand } from './command-run.ts'
import { ProcessKit } from './process-kit.ts'

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

const written = (text: string | Uint8Array): string => {
  const path = join(kit.directory(), 'history.jsonl')
  writeFileSync(path, text)
  return path
}

const stale = linesOf([
  operation('write', 1, [1, 2]),
  operation('write', 2, [3, 4]),
  operation('read', 1, [5, 6]),
])

/** Unanswered writes of two values that reads find alternately: only a search can find their order. */
const doubtful = linesOf([
  ...Array.from({ length: 5 }, (_, index) => operation('write', index % 2, [1 + index])),
  ...Array.from({ length: 5 }, (_, index) => operation('read', index % 2, [10 + 2 * index, 11 + 2 * index])),
])

test('a good history, a bad one, and one that is not searched far enough', async () => {
  const good = written(stale.slice(0, 4).join('\n'))
  expect(await runCommand(kit, 'check', good)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Linearizable: 2 operations over 1 keys/),
  })
  const bad = written(`${stale.join('\n')}\n`)
  const { code, stdout } = await runCommand(kit, 'check', bad)
  expect(code).toBe(1)
  expect(stdout).toContain('read gave 1')
  const json = await runCommand(kit, 'check', bad, '--json')
  expect(json.code).toBe(1)
  expect(JSON.parse(json.stdout)).toMatchObject({
    kind: 'not-linearizable',
    offence: { key: 'x', operations: [{ value: 1 }, { value: 2 }, { kind: 'read', value: 1, invokedAt: 5 }] },
  })
  const undecided = await runCommand(kit, 'check', written(doubtful.join('\n')), '--max-configurations', '2')
  expect(undecided).toMatchObject({ code: 3, stdout: expect.stringContaining('"x": 10 operations') })
})

test('a history on standard input', async () => {
  const child = kit.start('check', '-')
  child.stdin?.end(stale.join('\n'))
  expect(await new Promise((done) => child.once('close', done))).toBe(1)
  expect(child.output.stdout).toContain('Not linearizable')
})

test('what is no history is one sentence and exit code 2', async () => {
  const sentence = async (path: string, saying: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await runCommand(kit, 'check', path)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(saying)
  }
  await sentence(written(`${stale.join('\n')}\n{"process":1}`), /line 7: "type" must be/)
  await sentence(written(''), /contains no operation/)
  await sentence(
    written(Buffer.concat([Buffer.from(`${stale[0]}\n`), Uint8Array.of(0xff)])),
    /line 2: it is not UTF-8/,
  )
  await sentence(join(kit.directory(), 'nowhere'), /does not exist/)
  await sentence(kit.directory(), /cannot be read \(EISDIR\)/)
  expect((await runCommand(kit, 'check')).code).toBe(2)
  expect((await runCommand(kit, 'check', '--help')).stdout).toContain('3 undecided')
})
