/** Writes algorithms of the gallery as a page that opens from disk. */
import { writeFileSync } from 'node:fs'
import type { GalleryEntry } from '../../src/simulator/classics/gallery/entry.ts'
import { type Exhibit, exhibitOf } from '../../src/simulator/classics/gallery/exhibit.ts'
import { builtPage } from '../web/bundle/built-pages.ts'
import { carrying } from '../web/html.ts'

/** Runs, explores and breaks these entries, and writes the page; returns what it shows. */
export function writeGallery(path: string, entries: readonly GalleryEntry[]): readonly Exhibit[] {
  const exhibits = entries.map((entry) => exhibitOf(entry))
  writeFileSync(path, carrying(builtPage('gallery').html, exhibits))
  console.error(`${path} is the page: open it in a browser.`)
  return exhibits
}
