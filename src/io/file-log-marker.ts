/**
 * The marker "synced up to": what tells a torn tail from lost synced data (rule 6.3).
 *
 *   file = slot 512 | slot 512          slot = magic 4 | counter u64 | chain 32 | checksum u32 | zeros
 *
 * The slots are written in turn, so that a torn write leaves the one before. A marker is written after the sync that it
 * tells of and never before, and is itself synced now and then: an old one proves less, and nothing wrong.
 */
import { crc32 } from 'node:zlib'
import { readU32, readU64, utf8, writeU32, writeU64 } from '../base/bytes.ts'
import { closeLogFile, type LogFile, type LogFiles } from './file-log-files.ts'

export const MARKER_FILE = 'marker'
const SLOT_BYTES = 512
const MAGIC = utf8('mark')
const CHECKSUM_AT = 44
/** Milliseconds between two syncs of the marker at least. */
const MARKER_SYNC_INTERVAL_MS = 1000

/** The last record that is on disk. */
export interface Marker {
  readonly counter: number
  readonly chain: Uint8Array
}

function encodeSlot({ counter, chain }: Marker): Uint8Array {
  const slot = new Uint8Array(SLOT_BYTES)
  slot.set(MAGIC)
  writeU64(slot, 4, counter)
  slot.set(chain, 12)
  writeU32(slot, CHECKSUM_AT, crc32(slot.subarray(0, CHECKSUM_AT)))
  return slot
}

function decodeSlot(slot: Uint8Array): Marker | null {
  if (slot.length < SLOT_BYTES || !MAGIC.every((byte, index) => slot[index] === byte)) return null
  if (readU32(slot, CHECKSUM_AT) !== crc32(slot.subarray(0, CHECKSUM_AT))) return null
  const counter = readU64(slot, 4)
  return Number.isSafeInteger(counter) ? { counter, chain: slot.slice(12, CHECKSUM_AT) } : null
}

/** The whole marker file of a log that holds only its birth record. */
export function encodeFirstMarker(marker: Marker): Uint8Array {
  const file = new Uint8Array(2 * SLOT_BYTES)
  file.set(encodeSlot(marker))
  file.set(encodeSlot(marker), SLOT_BYTES)
  return file
}

/** The newer of the two slots that check out, and its number; null when neither does. */
export function decodeMarker(file: Uint8Array): { readonly marker: Marker; readonly slot: 0 | 1 } | null {
  const first = decodeSlot(file.subarray(0, SLOT_BYTES))
  const second = decodeSlot(file.subarray(SLOT_BYTES, 2 * SLOT_BYTES))
  if (second !== null && (first === null || second.counter > first.counter))
    return { marker: second, slot: 1 }
  return first === null ? null : { marker: first, slot: 0 }
}

export interface MarkerWriterOptions {
  readonly file: LogFile
  readonly files: LogFiles
  /** The slot that holds the newest marker; the other one is written first. */
  readonly newestSlot: 0 | 1
  readonly onFailure: (error: unknown) => void
}

/** Writes markers beside the syncs of the log, which never wait for it. Owns its file. */
export class MarkerWriter {
  readonly #options: MarkerWriterOptions
  #slot: 0 | 1
  #due: Marker | null = null
  #writing: Promise<void> | null = null
  #syncedAt = performance.now()

  constructor(options: MarkerWriterOptions) {
    this.#options = options
    this.#slot = options.newestSlot
  }

  /** Everything up to this record is on disk. */
  note(marker: Marker): void {
    this.#due = marker
    this.#writing ??= this.#writeWhileDue()
  }

  /** Writes and syncs what was noted, and closes the file. */
  async close(): Promise<void> {
    const { file, files, onFailure } = this.#options
    await this.#writing
    try {
      await files.sync(file)
    } catch (error) {
      onFailure(error)
    }
    await closeLogFile(file)
  }

  async #writeWhileDue(): Promise<void> {
    const { file, files, onFailure } = this.#options
    try {
      while (this.#due !== null) {
        const marker = this.#due
        this.#due = null
        this.#slot = this.#slot === 0 ? 1 : 0
        await files.write(file, [encodeSlot(marker)], this.#slot * SLOT_BYTES)
        if (performance.now() - this.#syncedAt < MARKER_SYNC_INTERVAL_MS) continue
        await files.sync(file)
        this.#syncedAt = performance.now()
      }
    } catch (error) {
      onFailure(error)
    } finally {
      this.#writing = null
    }
  }
}
