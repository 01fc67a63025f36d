import { equalBytes } from '../../base/bytes.ts'
import type { Sequence } from '../../base/ids.ts'
import type { Batch } from '../../messages/message.ts'

/**
 * The batches of sequence numbers that are not executed yet, each of them in the log. There may be several for one
 * sequence number: a view change can choose another than the last primary did (rule 3.5).
 */
export class OpenBatches {
  readonly #bySequence = new Map<Sequence, Batch[]>()
  #bytes = 0

  /** The bytes of all open batches: at most `UNEXECUTED_BYTES_MAX`, and the next batch to execute. */
  get bytes(): number {
    return this.#bytes
  }

  add(sequence: Sequence, batch: Batch): void {
    const batches = this.#bySequence.get(sequence) ?? []
    if (batches.some(({ digest }) => equalBytes(digest, batch.digest))) return
    this.#bySequence.set(sequence, [...batches, batch])
    this.#bytes += batch.bytes.length
  }

  find(sequence: Sequence, digest: Uint8Array): Batch | null {
    return this.#bySequence.get(sequence)?.find((batch) => equalBytes(batch.digest, digest)) ?? null
  }

  /** Drops the batches that were executed, and those that no view change can choose any more. */
  retain(isWanted: (sequence: Sequence, digest: Uint8Array) => boolean): void {
    for (const [sequence, batches] of this.#bySequence) {
      const kept = batches.filter(({ digest }) => isWanted(sequence, digest))
      for (const batch of batches) if (!kept.includes(batch)) this.#bytes -= batch.bytes.length
      if (kept.length === 0) this.#bySequence.delete(sequence)
      else this.#bySequence.set(sequence, kept)
    }
  }

  drop(sequence: Sequence): void {
    for (const { bytes } of this.#bySequence.get(sequence) ?? []) this.#bytes -= bytes.length
    this.#bySequence.delete(sequence)
  }
}
