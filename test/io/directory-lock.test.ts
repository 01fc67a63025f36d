/** The lock of the kernel on a directory, asked for by this process and by others. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AssertionFailure } from '../../src/base/assert.ts'
import { DirectoryInUse, type DirectoryLock, takeDirectoryLock } from '../../src/io/directory-lock.ts'
import { assertNotOpen } from '../../src/io/open-directories.ts'
import { until } from '../integration/process-kit.ts'
import { failure } from './file-log-kit.ts'
import {
  type Asker,
  askElsewhere,
  hasNamespaces,
  isLockedForOthers,
  OWN_NAMESPACES,
  traces,
} from './other-process.ts'

let directory: string
let path: string
let locks: DirectoryLock[]
let askers: Asker[]
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'strategos-lock-'))
  path = join(directory, 'lock')
  locks = []
  askers = []
})
afterEach(async () => {
  for (const lock of locks) await lock.release()
  for (const asker of askers) await asker.kill()
  rmSync(directory, { recursive: true, force: true })
})

const take = async (at = path): Promise<DirectoryLock> => {
  const lock = await takeDirectoryLock(at, (holder) => new DirectoryInUse(`in use by ${holder}`))
  locks.push(lock)
  return lock
}
const refusal = async (at = path): Promise<string> => {
  const error = await failure(take(at))
  expect(error).toBeInstanceOf(DirectoryInUse)
  return (error as Error).message
}
const ask = (before: readonly string[] = []): Asker => {
  const asker = askElsewhere(path, before)
  askers.push(asker)
  return asker
}

describe('two processes', () => {
  test("the second is refused, with the first's name; once the first is killed, it is let in at once", async () => {
    const first = ask()
    expect(await first.said).toBe('held')
    expect(await refusal()).toMatch(
      new RegExp(`^in use by process ${first.child.pid} on host ${hostname()}, started at \\d{4}-.*Z$`),
    )
    await first.kill()
    await take()
    expect(await ask().said).toMatch(`in use by process ${process.pid} on host`)
  })

  test('a refusal touches nothing of the holder’s', async () => {
    await take()
    const before = traces(directory)
    expect(await ask().said).toMatch('in use by')
    expect(traces(directory)).toEqual(before)
  })

  test('of many that ask at the same moment exactly one is let in', async () => {
    const said = await Promise.all(Array.from({ length: 6 }, () => ask().said))
    expect(said.filter((text) => text === 'held')).toHaveLength(1)
    expect(said.filter((text) => text.startsWith('in use by'))).toHaveLength(5)
  })

  test('in process namespaces of their own, where each is process 1 or 2, they are distinguished', async (context) => {
    if (!hasNamespaces()) context.skip('this user or system cannot make namespaces')
    const first = ask(OWN_NAMESPACES)
    expect(await first.said).toBe('held')
    expect(await ask(OWN_NAMESPACES).said).toMatch(/^in use by process [12] on host/)
    expect(await refusal()).toMatch(/^in use by process [12] on host/)
    await first.kill()
    // The system ends the process within a moment after the one that made its namespace.
    await until('the lock is free', async () => (await failure(take())) === null)
  })
})

describe('one process', () => {
  test('is refused a second time under any name, and keeps the lock', async () => {
    await take()
    symlinkSync(directory, `${directory}.link`)
    try {
      for (const again of [path, join(`${directory}.link`, 'lock')]) {
        expect(await refusal(again)).toBe(`in use by process ${process.pid}, which asks for it a second time`)
      }
      expect(() => assertNotOpen(path)).toThrow(AssertionFailure)
      expect(isLockedForOthers(path)).toBe(true)
    } finally {
      rmSync(`${directory}.link`)
    }
  })

  test('takes it again after it was released, and covers what lies beside it while it is held', async () => {
    const first = await take()
    first.assertCovers(join(directory, 'log'))
    expect(() => first.assertCovers(`${directory}-other/log`)).toThrow(AssertionFailure)
    await first.release()
    await first.release()
    assertNotOpen(path)
    expect(() => first.assertCovers(join(directory, 'log'))).toThrow(AssertionFailure)
    await take()
  })
})

describe('what stands in the directory', () => {
  test('a note about the holder decides nothing', async () => {
    await (await take()).release()
    const note = { process: process.ppid, host: hostname(), since: '2026-01-01T00:00:00Z' }
    writeFileSync(join(path, 'holder'), JSON.stringify(note))
    await take()
    expect(readFileSync(join(path, 'holder'), 'utf8')).toContain(`"process":${process.pid}`)
  })

  test('a note without sense is not repeated', async () => {
    expect(await ask().said).toBe('held')
    const senseless = ['', '{', 'null', '{"process":"1","host":"a","since":"b"}']
    for (const text of [...senseless, '{"process":1,"host":"a\\nb","since":"c"}']) {
      writeFileSync(join(path, 'holder'), text)
      expect(await refusal(), text).toBe('in use by another process')
    }
  })

  test('damage of any file locks nothing', async () => {
    await (await take()).release()
    cpSync(path, `${path}.good`, { recursive: true })
    const harms: readonly ((file: string) => void)[] = [
      (file) => rmSync(file, { recursive: true }),
      (file) => truncateSync(file, 0),
      (file) => writeFileSync(file, new Uint8Array(statSync(file).size + 1).fill(0xff)),
    ]
    for (const name of readdirSync(`${path}.good`)) {
      for (const harm of statSync(join(`${path}.good`, name)).isDirectory() ? harms.slice(0, 1) : harms) {
        rmSync(path, { recursive: true })
        cpSync(`${path}.good`, path, { recursive: true })
        harm(join(path, name))
        await (await take()).release()
      }
    }
    await take()
    expect(isLockedForOthers(path)).toBe(true)
  })

  test('a directory that is missing, or a file in its place, is named', async () => {
    const error = await failure(take(join(directory, 'none', 'lock')))
    expect((error as Error).message).toBe(`The directory ${join(directory, 'none')} does not exist.`)
    mkdirSync(join(directory, 'other'))
    writeFileSync(join(directory, 'other', 'lock'), '4711')
    const barred = await failure(take(join(directory, 'other', 'lock')))
    expect((barred as Error).message).toMatch(
      /lock cannot be locked, because a file stands where a directory belongs\. Move the file away or choose another path\.$/,
    )
  })
})
