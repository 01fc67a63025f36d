import type { ReplicaId } from '../../base/ids.ts'
import type { PageContent } from '../../messages/content.ts'
import type { PageFetch, Verified } from '../../messages/message.ts'
import type { CheckpointKeeper } from './checkpoint-keeper.ts'

/** The bytes of pages sent to one replica per tick. It asks again for the rest. */
const SERVED_BYTES_PER_TICK = 2 * 1024 * 1024

/** The cost of an answer apart from its page, so that an answer without a page is not free. */
const ANSWER_BYTES = 256

const NO_PAGE = new Uint8Array(0)

/** Answers the PAGE-FETCHes of replicas that transfer the state, with a limit for each replica. */
export class PageServer {
  readonly #keeper: CheckpointKeeper
  readonly #send: (to: ReplicaId, content: PageContent) => void
  readonly #served = new Map<ReplicaId, number>()

  constructor(keeper: CheckpointKeeper, send: (to: ReplicaId, content: PageContent) => void) {
    this.#keeper = keeper
    this.#send = send
  }

  tick(): void {
    this.#served.clear()
  }

  serve({ sender, sequence, paths }: Verified<PageFetch>): void {
    for (const path of paths) {
      const served = this.#served.get(sender) ?? 0
      if (served >= SERVED_BYTES_PER_TICK) return
      const page = this.#keeper.page(sequence, path) ?? NO_PAGE
      this.#served.set(sender, served + page.length + ANSWER_BYTES)
      this.#send(sender, { kind: 'page', sequence, path, page })
    }
  }
}
