/** Rule 1.8, the client's disk: timestamps are reserved durably, and one process uses a key. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClientInUse, openTimestampFile, TimestampFileError } from '../../src/io/timestamp-file.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'strategos-timestamps-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const base = () => join(directory, 'client')
/** What another start of the client would find, were this one killed now. */
const foundAfterCrash = (): number => {
  rmSync(`${base()}.lock`)
  const file = openTimestampFile(base())
  return file.reservedUpTo
}

describe('the timestamps of a key', () => {
  test('PBFT-1.8 a key that was never used has none reserved', () => {
    expect(openTimestampFile(base()).reservedUpTo).toBe(0)
  })

  test('PBFT-1.8 a reservation is on disk when it is answered, and after a restart use begins above it', () => {
    const file = openTimestampFile(base())
    for (const upTo of [4_096, 8_192, Number.MAX_SAFE_INTEGER]) {
      const found: number[] = []
      file.reserve(upTo, () => found.push(foundAfterCrash()))
      expect(found).toEqual([upTo])
    }
    file.close()
    expect(readdirSync(directory)).toEqual(['client.timestamps'])
  })

  test('PBFT-1.8 a crash while a reservation is written leaves the one before', () => {
    const file = openTimestampFile(base())
    file.reserve(4_096, () => {})
    writeFileSync(`${base()}.timestamps.new`, '81')
    expect(foundAfterCrash()).toBe(4_096)
  })

  test('PBFT-1.8 a key that is in use is refused to a second process, until it is given free', () => {
    const file = openTimestampFile(base())
    expect(() => openTimestampFile(base())).toThrow(ClientInUse)
    expect(() => openTimestampFile(base())).toThrow(`in use by process ${process.pid}`)
    file.close()
    openTimestampFile(base()).close()
  })

  test.each(['', 'many', '-1', '1e6', '4096 8192', '12345678901234567', '99999999999999999'])(
    'PBFT-1.8 damaged timestamps are never guessed: "%s"',
    (text) => {
      writeFileSync(`${base()}.timestamps`, text)
      expect(() => openTimestampFile(base())).toThrow(TimestampFileError)
      expect(() => openTimestampFile(base())).toThrow(TimestampFileError) // and the lock was given back
    },
  )
})
