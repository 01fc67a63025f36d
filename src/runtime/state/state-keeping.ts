import type { ReplicaId, Sequence } from '../../base/ids.ts'
import type { PageContent, PageFetchContent } from '../../messages/content.ts'
import type { CheckpointCertificate, PageDelivery, PageFetch, Verified } from '../../messages/message.ts'
import type { Application, PageStore, Snapshot } from '../../ports.ts'
import { CheckpointKeeper } from './checkpoint-keeper.ts'
import { PageServer } from './page-server.ts'
import { StateTransfer } from './state-transfer.ts'
import type { StoredState } from './stored-state.ts'

export interface StateKeepingOptions {
  readonly id: ReplicaId
  readonly n: number
  readonly application: Application
  readonly pages: PageStore
  readonly storeAfterBytes: number
  readonly stored: StoredState | null
  readonly send: (to: ReplicaId, content: PageFetchContent | PageContent) => void
  /** Called when the root of a checkpoint is known. */
  readonly onTaken: (sequence: Sequence, root: Uint8Array) => void
  /** Called when a checkpoint is stored apart from the log. */
  readonly onStored: (sequence: Sequence) => void
  /** Called when a transferred state is stored. Returns true if the application switched to it. */
  readonly onTransferred: (stable: CheckpointCertificate, snapshot: Snapshot) => boolean
  readonly onGone: () => void
  readonly onWrongPage: (source: ReplicaId) => void
}

/** The handling of whole states: taking, serving, storing and transferring checkpoints. Section 2 of the rules. */
export class StateKeeping {
  readonly keeper: CheckpointKeeper
  readonly transfer: StateTransfer
  readonly #server: PageServer

  constructor(options: StateKeepingOptions) {
    const { application, pages, stored, send } = options
    this.keeper = new CheckpointKeeper({ ...options, stored: stored?.snapshot ?? null })
    if (stored?.snapshot) {
      const { snapshot, stable } = stored
      application.restore(snapshot)
      this.keeper.adopt(stable, snapshot)
      // Deletes pages of states whose storing was interrupted by a crash.
      pages.collect(hashesOf(snapshot), () => {})
    }
    this.#server = new PageServer(this.keeper, send)
    this.transfer = new StateTransfer({
      ...options,
      pages,
      onComplete: (stable, snapshot) =>
        this.keeper.storeTransferred(stable, snapshot, () => {
          if (options.onTransferred(stable, snapshot)) this.keeper.adopt(stable, snapshot)
          options.onStored(stable.sequence)
        }),
    })
  }

  tick(): void {
    this.keeper.tick()
    this.#server.tick()
    this.transfer.tick()
  }

  receive(message: Verified<PageFetch> | Verified<PageDelivery>): void {
    if (message.kind === 'page-fetch') this.#server.serve(message)
    else this.transfer.onPage(message)
  }
}

function* hashesOf(snapshot: Snapshot): Iterable<Uint8Array> {
  for (const { hash } of snapshot.changesSince(null).added) yield hash
}
