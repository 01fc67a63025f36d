import type { ReplicaId, Sequence } from '../../base/ids.ts'
import type { BatchContent, DecisionContent } from '../../messages/content.ts'
import type { DecisionArchive } from './decision-archive.ts'

/** The maximum bytes of decisions sent for one STATUS. The rest waits for the next one. */
const SERVED_BYTES_MAX = 8 * 1024 * 1024
/** The number of decisions that are read from the log for one replica at once. */
const SERVED_AT_ONCE = 8

type Served = DecisionContent | BatchContent

/** Sends decisions to replicas that lag: for one STATUS of each at a time, with a limited number of reads at once. */
export class DecisionServer {
  readonly #archive: DecisionArchive
  readonly #send: (to: ReplicaId, content: Served) => number
  readonly #served = new Set<ReplicaId>()

  /** Takes the archive, and `send`, which returns the bytes that it sent. */
  constructor(archive: DecisionArchive, send: (to: ReplicaId, content: Served) => number) {
    this.#archive = archive
    this.#send = send
  }

  /** Sends the batch with this digest, if the log has it. */
  serveBatch(to: ReplicaId, sequence: Sequence, digest: Uint8Array): void {
    this.#archive.findBatch(sequence, digest, (batch) => {
      if (batch !== null) this.#send(to, { kind: 'batch', sequence, batch })
    })
  }

  /**
   * Sends the decisions of these sequence numbers. Does nothing while an earlier call for this replica is running: the
   * replica will report again what it lacks.
   */
  serve(to: ReplicaId, sequences: readonly Sequence[]): void {
    if (this.#served.has(to)) return
    this.#served.add(to)
    let bytes = 0
    let next = 0
    let underWay = 0
    const serveMore = (): void => {
      while (underWay < SERVED_AT_ONCE && next < sequences.length && bytes < SERVED_BYTES_MAX) {
        underWay++
        this.#archive.find(sequences[next++] as Sequence, (decision) => {
          underWay--
          if (decision !== null) bytes += this.#send(to, decision)
          serveMore()
        })
      }
      if (underWay === 0) this.#served.delete(to)
    }
    serveMore()
  }
}
