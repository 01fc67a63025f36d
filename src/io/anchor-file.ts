/**
 * The anchor of a page store in a file of its own, so that a database that loses records cannot bring an old one back.
 *
 *   file = magic 19 | sequence u64 | root 32 | certificate length u32 | certificate | SHA-256 of all before 32
 *
 * It is written beside, synced and renamed: a crash leaves the old one or the new one.
 */
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { concatBytes, equalBytes, readU32, readU64, utf8, writeU32, writeU64 } from '../base/bytes.ts'
import { DIGEST_BYTES } from '../base/hash.ts'
import { toSequence } from '../base/ids.ts'
import type { Anchor } from '../ports.ts'
import { closeLogFile, type LogFiles, openLogFile, syncNames } from './file-log-files.ts'

const MAGIC = utf8('strategos anchor 1\n')
const ROOT_AT = MAGIC.length + 8
const LENGTH_AT = ROOT_AT + DIGEST_BYTES
const CERTIFICATE_AT = LENGTH_AT + 4

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

export function encodeAnchor({ sequence, root, certificate }: Anchor): Uint8Array {
  const bytes = new Uint8Array(CERTIFICATE_AT)
  bytes.set(MAGIC)
  writeU64(bytes, MAGIC.length, sequence)
  bytes.set(root, ROOT_AT)
  writeU32(bytes, LENGTH_AT, certificate.length)
  const body = concatBytes(bytes, certificate)
  return concatBytes(body, sha256(body))
}

/** The anchor in a file's bytes, or null when they do not check out. */
export function decodeAnchor(bytes: Uint8Array): Anchor | null {
  const end = bytes.length - DIGEST_BYTES
  if (end < CERTIFICATE_AT || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return null
  if (readU32(bytes, LENGTH_AT) !== end - CERTIFICATE_AT) return null
  if (!equalBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end))) return null
  const sequence = readU64(bytes, MAGIC.length)
  if (!Number.isSafeInteger(sequence)) return null
  return {
    sequence: toSequence(sequence),
    root: bytes.slice(ROOT_AT, LENGTH_AT),
    certificate: bytes.slice(CERTIFICATE_AT, end),
  }
}

/** Reads an anchor file: null where there is none, `damaged` where it does not check out or cannot be read. */
export function readAnchor(path: string): Anchor | null | 'damaged' {
  try {
    return decodeAnchor(Uint8Array.from(readFileSync(path))) ?? 'damaged'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : 'damaged'
  }
}

/** Replaces the anchor in a file; resolves when the new one is certain. */
export async function writeAnchor(path: string, anchor: Anchor, files: LogFiles): Promise<void> {
  const beside = `${path}.new`
  rmSync(beside, { force: true })
  const file = await openLogFile(beside, 'wx+')
  try {
    await files.write(file, [encodeAnchor(anchor)], 0)
    await files.sync(file)
  } finally {
    await closeLogFile(file)
  }
  renameSync(beside, path)
  await syncNames(dirname(path))
}
