/** The process of a hostile client: its orders, its reports, the report of its failure, and its end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HostileChild } from '../../attacks/run/processes/hostile-process.ts'
import { isAlive } from './process-kit.ts'

/** A stand-in for its program. */
const program = (onOrder: string): readonly string[] => [
  '-e',
  `const tell = (isOn, seen = null) =>
    process.send({ acts: isOn ? 3 : 5, told: { reply: 2, stale: 1 }, isOn, seen })
  process.on('message', ({ order, reader }) => { ${onOrder} })
  process.send({ ready: '' })`,
]
const FOLLOWS = `order === 'end' ? tell(false, ['seen by ' + reader]) : tell(order === 'on')`
const FALLS = `console.error('a reason'); process.exit(70)`
const IS_DEAF = ''

let directory = ''
const children: HostileChild[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'strategos-test-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) await child.close()
  rmSync(directory, { recursive: true })
})

async function start(onOrder: string, signal = new AbortController().signal): Promise<HostileChild> {
  const child = await HostileChild.start(program(onOrder), { directory, signal })
  children.push(child)
  return child
}

test('it follows orders, and reports its acts, its answers and its findings', async () => {
  const child = await start(FOLLOWS)
  expect([child.acts, [...child.told]]).toEqual([0, []])
  expect(await child.turn(true)).toEqual([])
  expect(child.acts).toBe(3)
  expect(await child.turn(false)).toEqual([])
  expect(child.acts).toBe(5)
  expect(await child.end('somebody')).toEqual(['seen by somebody'])
  expect([...child.told]).toEqual([
    ['reply', 2],
    ['stale', 1],
  ])
})

test('the failure of one is reported, with its last output', async () => {
  const child = await start(FALLS)
  expect(await child.turn(true)).toEqual(['the process of the hostile client ended (exit code 70): a reason'])
})

test('nothing is waited for once the run is interrupted, and closing ends the process', async () => {
  const controller = new AbortController()
  const child = await start(IS_DEAF, controller.signal)
  const turned = expect(child.turn(true)).rejects.toThrow('enough')
  controller.abort(new Error('enough'))
  await turned
  const pid = child.pid ?? 0
  expect(isAlive(pid)).toBe(true)
  await child.close()
  expect(isAlive(pid)).toBe(false)
})

test('a program that does not start leaves no process', async () => {
  const args = ['-e', `console.error('no such key'); process.exit(2)`]
  const { signal } = new AbortController()
  await expect(HostileChild.start(args, { directory, signal })).rejects.toThrow('no such key')
})
