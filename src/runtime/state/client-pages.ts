import type { Sequence } from '../../base/ids.ts'
import { encodeCertificate } from '../../messages/certificate.ts'
import type { StatePagesContent } from '../../messages/content.ts'
import type { StateInquiry } from '../../messages/message.ts'
import type { CheckpointKeeper } from './checkpoint-keeper.ts'

/** The bytes of pages sent to all clients together per tick, so those of one answer too. They ask again for the rest. */
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

  /** Answers an inquiry: without pages for a client that may not read every key, as if there were none. */
  answer({ nonce, sequence, paths }: StateInquiry, mayRead: boolean): StatePagesContent {
    const keeper = this.#keeper()
    const stable = sequence === 0 ? keeper.certified : null
    const certificate = stable === null ? NO_BYTES : encodeCertificate(stable.checkpoints)
    const from = stable?.sequence ?? sequence
    const pages = paths.map((path) => {
      const isFull = this.#served >= SERVED_BYTES_PER_TICK
      const page = isFull || !mayRead ? null : keeper.page(from as Sequence, path)
      if (page === null) return NO_BYTES
      this.#served += page.length
      return page
    })
    return { kind: 'state-pages', nonce, sequence: from as Sequence, certificate, pages }
  }
}
