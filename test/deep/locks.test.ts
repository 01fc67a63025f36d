/** Fifty contenders in ten processes for one lock: holders are killed and paused, and a fenced counter never goes wrong. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Counter } from '../clients/fenced-counter.ts'
import { end, ProcessKit, until } from '../integration/process-kit.ts'

const processes = new ProcessKit()
const children = new Set<ChildProcess>()
let isOver = false
afterAll(async () => {
  isOver = true
  for (const child of children) child.kill('SIGKILL')
  await processes.cleanUp()
})

const PROCESSES = 10
const CONTENDERS_EACH = 5
/** Each holder that is killed or paused costs the others the life of its lease. */
const TURNS = 50
const TURNS_AT_ONCE = 5

interface Question {
  readonly id: number
  readonly kind: 'read' | 'write'
  readonly token: number
  readonly value?: number
}

test('a fenced counter never goes wrong, and an unfenced one does', async () => {
  const { gateway } = await processes.up(processes.directory())
  const [fenced, unfenced] = [new Counter(true), new Counter(false)]
  const tokens: number[] = []
  let turns = 0
  let killed = 0
  /** Processes that were stopped as holders, until others have written. */
  const stopped: ChildProcess[] = []

  const start = (): void => {
    const child = fork(join(import.meta.dirname, 'lock-contender.js'), [gateway.url, `${CONTENDERS_EACH}`])
    children.add(child)
    child.on('message', (question: Question) => take(child, question))
    // A message to a process that was killed meanwhile is lost.
    child.on('error', () => {})
    child.once('exit', () => {
      children.delete(child)
      if (!isOver) start()
    })
  }
  const take = (child: ChildProcess, { id, kind, token, value = 0 }: Question): void => {
    if (kind === 'write') {
      fenced.write(value, token)
      unfenced.write(value, token)
      for (const each of stopped.splice(0)) if (each !== child) each.kill('SIGCONT')
      return
    }
    turns++
    tokens.push(token)
    if (turns % 11 === 5) {
      killed++
      end(child.pid ?? 0, 'SIGKILL')
      return
    }
    if (turns % 11 === 9) {
      child.kill('SIGSTOP')
      stopped.push(child)
    }
    child.send({ id, value: fenced.read(token) })
  }
  for (let index = 0; index < PROCESSES; index++) start()
  for (let wanted = TURNS_AT_ONCE; wanted <= TURNS; wanted += TURNS_AT_ONCE) {
    await until(`${wanted} turns are taken`, () => turns >= wanted)
  }
  isOver = true
  for (const each of stopped) each.kill('SIGCONT')
  expect(killed).toBeGreaterThan(2)
  expect(new Set(tokens).size).toBe(tokens.length)
  expect(fenced.refused).toBeGreaterThan(0)
  expect(fenced.lost).toBe(0)
  expect(unfenced.lost).toBeGreaterThan(0)
})
