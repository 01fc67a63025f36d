import type { Sequence } from '../../base/ids.ts'
import { encodeCertificate } from '../../messages/certificate.ts'
import type { StatePagesContent } from '../../messages/content.ts'
import type { StateInquiry } from '../../messages/message.ts'
import type { CheckpointKeeper } from './checkpoint-keeper.ts'

/** The bytes of pages in one answer, and those sent to all clients together per tick. They ask again for the rest. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024
const SERVED_BYTES_PER_TICK = 2 * 1024 * 1024

const NO_BYTES = new Uint8Array(0)

/** Answers the STATE-INQUIRYs of clients, who read the state of a checkpoint with its proof. */
export class ClientPages {
  readonly #keeper: () => CheckpointKeeper
  #served = 0

  constructor(keeper: () => CheckpointKeeper) {
    this.#keeper = keeper
  }

  tick(): void {
    this.#served = 0
  }

  answer({ nonce, sequence, paths }: StateInquiry): StatePagesContent {
    const keeper = this.#keeper()
    const stable = sequence === 0 ? keeper.certified : null
    const certificate = stable === null ? NO_BYTES : encodeCertificate(stable.checkpoints)
    const from = stable?.sequence ?? sequence
    let bytes = 0
    const pages = paths.map((path) => {
      const isFull = bytes >= ANSWER_BYTES_MAX || this.#served >= SERVED_BYTES_PER_TICK
      const page = isFull ? null : keeper.page(from as Sequence, path)
      if (page === null || bytes + page.length > ANSWER_BYTES_MAX) return NO_BYTES
      bytes += page.length
      this.#served += page.length
      return page
    })
    return { kind: 'state-pages', nonce, sequence: from as Sequence, certificate, pages }
  }
}
