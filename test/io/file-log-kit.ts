/** Tools of the tests of the file log: they append, read, and damage files. */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { utf8 } from '../../src/base/bytes.ts'
import { RECORD_HEADER_BYTES } from '../../src/io/file-log-record.ts'
import type { Log, LogPosition, LogReplay } from '../../src/ports.ts'
import type { FileLogBench } from './file-log-bench.ts'

export const synced = (log: Log) => new Promise<void>((resolve) => log.sync(resolve))
export const texts = ({ records }: LogReplay) =>
  [...records].map(({ record }) => Buffer.from(record).toString())
export const offsetOf = (position: LogPosition) => position % 2 ** 32
export const failure = (outcome: Promise<unknown>): Promise<unknown> =>
  outcome.then(
    () => null,
    (error) => error,
  )

/** Appends records, each with its own sync, and returns their positions. */
export async function appendEach(log: Log, records: readonly string[]): Promise<readonly LogPosition[]> {
  const positions: LogPosition[] = []
  for (const record of records) {
    positions.push(log.append(utf8(record)))
    await synced(log)
  }
  return positions
}

/** A closed log with these records; its marker covers the first `marked` of them. */
export async function prepare(bench: FileLogBench, records: readonly string[], marked = records.length) {
  const { log } = await bench.open()
  const first = await appendEach(log, records.slice(0, marked))
  await bench.close()
  const marker = readFileSync(bench.path('marker'))
  const again = await bench.open()
  const rest = await appendEach(again.log, records.slice(marked))
  await bench.close()
  writeFileSync(bench.path('marker'), marker)
  const offsets = [...first, ...rest].map(offsetOf)
  const end = (offsets.at(-1) ?? 0) + RECORD_HEADER_BYTES + (records.at(-1)?.length ?? 0)
  return { offsets, end, segment: bench.segments()[0] ?? '' }
}

export function patch(path: string, offset: number, bytes: Uint8Array): void {
  const descriptor = openSync(path, 'r+')
  writeSync(descriptor, bytes, 0, bytes.length, offset)
  closeSync(descriptor)
}

export function flipBit(path: string, offset: number): void {
  const byte = readFileSync(path)[offset] ?? 0
  patch(path, offset, Uint8Array.of(byte ^ (1 << (offset % 8))))
}
