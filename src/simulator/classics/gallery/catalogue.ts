/** The catalogue of the gallery: every classical algorithm that runs here, room by room. */
import { ELECTION } from './election.ts'
import type { GalleryEntry } from './entry.ts'
import { MULTICAST } from './multicast.ts'
import { MUTUAL_EXCLUSION } from './mutual-exclusion.ts'

/** In the order of the rooms. */
export const GALLERY: readonly GalleryEntry[] = [...MUTUAL_EXCLUSION, ...ELECTION, ...MULTICAST]

/** Returns the entry of this name; null if there is none. */
export const galleryEntry = (name: string): GalleryEntry | null =>
  GALLERY.find((entry) => entry.name === name) ?? null
