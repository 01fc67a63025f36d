/** Makes the files of a log that holds its first record and nothing else. */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { closeLogFile, type LogFile, type LogFiles, openLogFile, syncDirectory } from './file-log-files.ts'
import { encodeFirstMarker, MARKER_FILE } from './file-log-marker.ts'
import {
  checksumSeed,
  encodeRecordHeader,
  FIRST_CHAIN,
  type FirstRecord,
  firstContent,
  NONCE_BYTES,
  nextChain,
  SEGMENT_HEADER_BYTES,
} from './file-log-record.ts'
import { SegmentMaker } from './file-log-segments.ts'

/** Writes a new log into an empty directory, which it makes if need be; all of it is certain when this resolves. */
export async function writeNewLog(
  directory: string,
  log: { readonly first: FirstRecord; readonly segmentBytes: number; readonly files: LogFiles },
): Promise<void> {
  const { first, segmentBytes, files } = log
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const nonce = Uint8Array.from(randomBytes(NONCE_BYTES))
  const content = firstContent(first, nonce)
  const facts = { counter: 0, synced: 0, chain: nextChain(FIRST_CHAIN, 0, content) }
  const header = { nonce, firstCounter: 0, size: segmentBytes, previousChain: FIRST_CHAIN }
  const segment = await new SegmentMaker(directory, files).activate(header)
  const record = [encodeRecordHeader(facts, content, checksumSeed(nonce)), content]
  await writeAndClose(segment, { parts: record, offset: SEGMENT_HEADER_BYTES, files })
  const marker = await openLogFile(join(directory, MARKER_FILE), 'wx+')
  await writeAndClose(marker, { parts: [encodeFirstMarker(facts)], offset: 0, files })
  syncDirectory(directory)
  syncDirectory(dirname(directory))
}

async function writeAndClose(
  file: LogFile,
  write: { readonly parts: readonly Uint8Array[]; readonly offset: number; readonly files: LogFiles },
): Promise<void> {
  try {
    await write.files.write(file, write.parts, write.offset)
    await write.files.sync(file)
  } finally {
    await closeLogFile(file)
  }
}
