/** Loads the state that the page store holds, and checks every page of it. */
import { decodeCheckpointCertificate } from '../../messages/cited.ts'
import type { CheckpointCertificate } from '../../messages/message.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { Application, PageStore, Snapshot } from '../../ports.ts'

/** Pages asked for at a time while loading. */
const LOADED_AT_ONCE = 256

export interface StoredState {
  readonly stable: CheckpointCertificate
  /** Null when pages are missing or damaged: the state must then be fetched from the others (rule 2.5). */
  readonly snapshot: Snapshot | null
}

/** The state that the page store holds, every page checked; null when it was never stored. */
export function loadStoredState(application: Application, pages: PageStore): StoredState | null {
  const { anchor } = pages
  if (anchor === null) return null
  const certificate = decodeCheckpointCertificate(anchor.sequence, anchor.certificate)
  if (isRejection(certificate)) return null
  // In oral mode there may be none: then W vouched for it.
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
