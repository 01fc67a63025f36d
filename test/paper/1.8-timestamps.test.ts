/** Rule 1.8, the client's disk: timestamps are reserved durably, and one process uses a key. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ClientInUse,
  openTimestampFile,
  replaceDurably,
  TimestampFileError,
} from '../../src/io/timestamp-file.ts'
import { COUNTER_MAX } from '../../src/messages/limits.ts'
import { failure } from '../io/file-log-kit.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'strategos-timestamps-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const base = () => join(directory, 'client')
let copies = 0
/** A copy of the disk, as a new process of the client would find it if this one were killed now. */
const atCrash = (): string => {
  const copy = join(directory, `copy-${copies++}`)
  copyFileSync(`${base()}.timestamps`, `${copy}.timestamps`)
  return copy
}
const reservedIn = async (base: string): Promise<number> => {
  const file = await openTimestampFile(base)
  await file.close()
  return file.reservedUpTo
}

const unexpected = (why: string): void => expect.fail(why)

describe('the timestamps of a key', () => {
  test('PBFT-1.8 a key that was never used has none reserved', async () => {
    expect(await reservedIn(base())).toBe(0)
  })

  test('PBFT-1.8 a reservation is on disk when it is answered, and after a restart use begins above it', async () => {
    const file = await openTimestampFile(base())
    for (const upTo of [4_096, 8_192, COUNTER_MAX]) {
      const found: string[] = []
      file.reserve(upTo, () => found.push(atCrash()), unexpected)
      expect(await Promise.all(found.map(reservedIn))).toEqual([upTo])
    }
    await file.close()
    const own = readdirSync(directory).filter((name) => name.startsWith('client'))
    expect(own.sort()).toEqual(['client.key-lock', 'client.timestamps'])
  })

  test('PBFT-1.8 a crash while a reservation is written leaves the one before', async () => {
    const file = await openTimestampFile(base())
    file.reserve(4_096, () => {}, unexpected)
    writeFileSync(`${base()}.timestamps.new`, '81')
    await file.close()
    expect(await reservedIn(base())).toBe(4_096)
  })

  test('PBFT-1.8 a key that is in use is refused to a second process, until it is given free', async () => {
    const file = await openTimestampFile(base())
    const refusal = await failure(openTimestampFile(base()))
    expect(refusal).toBeInstanceOf(ClientInUse)
    expect((refusal as Error).message).toContain(`in use by process ${process.pid}`)
    await file.close()
    expect(await reservedIn(base())).toBe(0)
  })

  /** The disk's answer to a reservation that it does not take. */
  const refused = (file: Awaited<ReturnType<typeof openTimestampFile>>, upTo: number): string => {
    const failures: string[] = []
    file.reserve(
      upTo,
      () => expect.fail('it was not written'),
      (why) => failures.push(why),
    )
    expect(failures).toHaveLength(1)
    return failures[0] ?? ''
  }

  test.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])(
    'PBFT-1.8 a disk that refuses with %s fails a reservation, and the next one may succeed',
    async (code) => {
      let isFull = false
      const file = await openTimestampFile(base(), (path, text) => {
        if (isFull) throw Object.assign(new Error('refused'), { code })
        replaceDurably(path, text)
      })
      file.reserve(4_096, () => {}, unexpected)
      isFull = true
      const why = refused(file, 8_192)
      expect(why).toContain('client.timestamps cannot be written: ')
      expect(why).toContain(code)
      expect(await reservedIn(atCrash())).toBe(4_096)
      isFull = false
      let isDone = false
      file.reserve(8_192, () => (isDone = true), unexpected)
      expect(isDone).toBe(true)
      await file.close()
      expect(await reservedIn(base())).toBe(8_192)
    },
  )

  test('PBFT-1.8 a place that cannot be written leaves the number as it was', async () => {
    const file = await openTimestampFile(base())
    file.reserve(4_096, () => {}, unexpected)
    mkdirSync(`${base()}.timestamps.new`)
    writeFileSync(join(`${base()}.timestamps.new`, 'in the way'), '')
    refused(file, 8_192)
    await file.close()
    expect(await reservedIn(base())).toBe(4_096)
  })

  test.each(['', 'many', '-1', '1e6', '4096 8192', '12345678901234567', '99999999999999999'])(
    'PBFT-1.8 damaged timestamps are never guessed: "%s"',
    async (text) => {
      writeFileSync(`${base()}.timestamps`, text)
      expect(await failure(openTimestampFile(base()))).toBeInstanceOf(TimestampFileError)
      expect(await failure(openTimestampFile(base()))).toBeInstanceOf(TimestampFileError) // and the lock was given back
    },
  )
})
