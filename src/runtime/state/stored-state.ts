/** Loading the state from the page store, with a check of every page. */
import { decodeCheckpointCertificate } from '../../messages/cited.ts'
import type { CheckpointCertificate } from '../../messages/message.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { Application, PageStore, Snapshot } from '../../ports.ts'

/** The number of pages requested at once while loading. */
const LOADED_AT_ONCE = 256

export interface StoredState {
  readonly stable: CheckpointCertificate
  /** The snapshot; null if pages are missing or damaged. The state must then be fetched from the others (rule 2.5). */
  readonly snapshot: Snapshot | null
}

/** Loads the state in the page store and checks every page; null if none was ever stored. */
export function loadStoredState(application: Application, pages: PageStore): StoredState | null {
  const { anchor } = pages
  if (anchor === null) return null
  const certificate = decodeCheckpointCertificate(anchor.sequence, anchor.certificate)
  if (isRejection(certificate)) return null
  // In oral mode there may be no CHECKPOINTs, since W replicas vouched for the state.
  const stable = { ...certificate, root: anchor.root }
  const assembly = application.assemble(anchor.root)
  for (;;) {
    const missing = assembly.missing(LOADED_AT_ONCE)
    if (missing.length === 0) return { stable, snapshot: assembly.finish() }
    for (const reference of missing) {
      const page = pages.read(reference.hash)
      if (page === null || assembly.add(reference, page) !== 'taken') return { stable, snapshot: null }
    }
  }
}
