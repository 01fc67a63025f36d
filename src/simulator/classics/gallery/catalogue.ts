/** The catalogue of the gallery: every classical algorithm that runs here, room by room. */
import { AGREEMENT } from './agreement.ts'
import { COMMIT } from './commit.ts'
import { CONSENSUS } from './consensus.ts'
import { ELECTION } from './election.ts'
import type { GalleryEntry } from './entry.ts'
import { FAILURE_DETECTORS } from './failure-detectors.ts'
import { IMPOSSIBILITY } from './impossibility.ts'
import { MULTICAST } from './multicast.ts'
import { MUTUAL_EXCLUSION } from './mutual-exclusion.ts'
import { QUORUMS } from './quorums.ts'
import { SECRETS } from './secrets.ts'
import { SNAPSHOTS } from './snapshots.ts'
import { TIME } from './time.ts'

/** In the order of the rooms. */
export const GALLERY: readonly GalleryEntry[] = [
  ...TIME,
  ...SNAPSHOTS,
  ...MUTUAL_EXCLUSION,
  ...ELECTION,
  ...FAILURE_DETECTORS,
  ...MULTICAST,
  ...AGREEMENT,
  ...COMMIT,
  ...CONSENSUS,
  ...IMPOSSIBILITY,
  ...QUORUMS,
  ...SECRETS,
]

/** Returns the entry of this name; null if there is none. */
export const galleryEntry = (name: string): GalleryEntry | null =>
  GALLERY.find((entry) => entry.name === name) ?? null
