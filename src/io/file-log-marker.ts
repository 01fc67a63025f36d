/**
 * The marker "synced up to": what tells a torn tail from lost synced data, and a log whose front was trimmed from one
 * whose front was lost (rule 6.3).
 *
 *   file = slot 512 | slot 512
 *   slot = magic 4 | counter u64 | chain 32 | cut counter u64 | cut chain 32 | checksum u32 | zeros
 *
 * The slots are written in turn, so that a torn write leaves the one before. A marker is written after the sync that it
 * tells of and never before, and is itself synced now and then: an old one proves less, and nothing wrong. The cut is
 * what the first record continues from. It is in both slots, and certain, before anything in front of it is deleted.
 */
import { crc32 } from 'node:zlib'
import { assert } from '../base/assert.ts'
import { concatBytes, readU32, readU64, utf8, writeU32, writeU64 } from '../base/bytes.ts'
import { closeLogFile, type LogFile, type LogFiles } from './file-log-files.ts'
import { FIRST_CHAIN } from './file-log-record.ts'

export const MARKER_FILE = 'marker'
const SLOT_BYTES = 512
const MAGIC = utf8('mark')
const CHECKSUM_AT = 84
/** Milliseconds between two syncs of the marker at least. */
const MARKER_SYNC_INTERVAL_MS = 1000

/** The last record that is on disk. */
export interface Marker {
  readonly counter: number
  readonly chain: Uint8Array
}

/**
 * The point that the log's first record continues from: its counter, and the hash of the record that was before it.
 */
export interface Cut {
  readonly firstCounter: number
  readonly previousChain: Uint8Array
}

/** The beginning of a log that was never trimmed. */
export const NO_CUT: Cut = { firstCounter: 0, previousChain: FIRST_CHAIN }

export interface MarkedLog {
  readonly marker: Marker
  readonly cut: Cut
}

function encodeSlot({ marker, cut }: MarkedLog): Uint8Array {
  const slot = new Uint8Array(SLOT_BYTES)
  slot.set(MAGIC)
  writeU64(slot, 4, marker.counter)
  slot.set(marker.chain, 12)
  writeU64(slot, 44, cut.firstCounter)
  slot.set(cut.previousChain, 52)
  writeU32(slot, CHECKSUM_AT, crc32(slot.subarray(0, CHECKSUM_AT)))
  return slot
}

function decodeSlot(slot: Uint8Array): MarkedLog | null {
  if (slot.length < SLOT_BYTES || !MAGIC.every((byte, index) => slot[index] === byte)) return null
  if (readU32(slot, CHECKSUM_AT) !== crc32(slot.subarray(0, CHECKSUM_AT))) return null
  const marker = { counter: readU64(slot, 4), chain: slot.slice(12, 44) }
  const cut = { firstCounter: readU64(slot, 44), previousChain: slot.slice(52, CHECKSUM_AT) }
  if (!Number.isSafeInteger(marker.counter) || !(cut.firstCounter <= marker.counter)) return null
  return { marker, cut }
}

/** The whole marker file of a log that holds only its first record. */
export function encodeFirstMarker(marker: Marker): Uint8Array {
  const slot = encodeSlot({ marker, cut: NO_CUT })
  return concatBytes(slot, slot)
}

export interface DecodedMarker extends MarkedLog {
  /** Which slot holds it. */
  readonly slot: 0 | 1
  /** True if the cut would survive the loss of either slot. */
  readonly isCutInBoth: boolean
}

/** The newer of the two slots that check out; null when neither does. */
export function decodeMarker(file: Uint8Array): DecodedMarker | null {
  const first = decodeSlot(file.subarray(0, SLOT_BYTES))
  const second = decodeSlot(file.subarray(SLOT_BYTES, 2 * SLOT_BYTES))
  const isCutInBoth = first !== null && first.cut.firstCounter === second?.cut.firstCounter
  if (second !== null && (first === null || isNewer(second, first)))
    return { ...second, slot: 1, isCutInBoth }
  return first === null ? null : { ...first, slot: 0, isCutInBoth }
}

function isNewer(a: MarkedLog, b: MarkedLog): boolean {
  if (a.marker.counter !== b.marker.counter) return a.marker.counter > b.marker.counter
  return a.cut.firstCounter > b.cut.firstCounter
}

export interface MarkerWriterOptions {
  readonly file: LogFile
  readonly files: LogFiles
  /** The content of the file; the other slot is written first. */
  readonly newest: MarkedLog & { readonly slot: 0 | 1 }
  readonly onFailure: (error: unknown) => void
}

/** Writes markers beside the syncs of the log, which never wait for it. Owns its file. */
export class MarkerWriter {
  readonly #options: MarkerWriterOptions
  #slot: 0 | 1
  #marker: Marker
  #cut: Cut
  #isDue = false
  #cutDue: { readonly cut: Cut; readonly done: (isCertain: boolean) => void } | null = null
  #writing: Promise<void> | null = null
  #syncedAt = performance.now()

  constructor(options: MarkerWriterOptions) {
    const { marker, cut, slot } = options.newest
    this.#options = options
    this.#slot = slot
    this.#marker = marker
    this.#cut = cut
  }

  /** Everything up to this record is on disk. */
  note(marker: Marker): void {
    this.#marker = marker
    this.#isDue = true
    this.#writing ??= this.#writeWhileDue()
  }

  /** Resolves to true when the cut is certain in both slots, to false when writing it failed. One at a time. */
  cutTo(cut: Cut): Promise<boolean> {
    assert(this.#cutDue === null, 'a log is cut twice at once')
    return new Promise((done) => {
      this.#cutDue = { cut, done }
      this.#writing ??= this.#writeWhileDue()
    })
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
    try {
      while (this.#isDue || this.#cutDue !== null) {
        if (this.#cutDue !== null) await this.#writeCut(this.#cutDue.cut)
        else
          await this.#writeSlot({ isSynced: performance.now() - this.#syncedAt >= MARKER_SYNC_INTERVAL_MS })
      }
    } catch (error) {
      this.#options.onFailure(error)
      this.#endCut(false)
    } finally {
      this.#writing = null
    }
  }

  async #writeCut(cut: Cut): Promise<void> {
    this.#cut = cut
    await this.#writeSlot({ isSynced: true })
    await this.#writeSlot({ isSynced: true })
    this.#endCut(true)
  }

  #endCut(isCertain: boolean): void {
    const due = this.#cutDue
    this.#cutDue = null
    due?.done(isCertain)
  }

  async #writeSlot({ isSynced }: { readonly isSynced: boolean }): Promise<void> {
    const { file, files } = this.#options
    this.#isDue = false
    this.#slot = this.#slot === 0 ? 1 : 0
    const slot = encodeSlot({ marker: this.#marker, cut: this.#cut })
    await files.write(file, [slot], this.#slot * SLOT_BYTES)
    if (!isSynced) return
    await files.sync(file)
    this.#syncedAt = performance.now()
  }
}
