/** The table of `src/classics/README.md`: the gallery, an algorithm in each row. */
import { GALLERY } from '../../src/simulator/classics/gallery/catalogue.ts'

const HEADINGS = [
  '`strategos classics`',
  'model',
  'faults',
  'bound',
  'rounds',
  'messages',
  'where it breaks',
  'file',
  'source',
]

/** A bar in a cell would end it. */
const cell = (text: string): string => text.replaceAll('|', '\\|')

export function galleryTable(): string {
  const rows = GALLERY.map((entry) => [
    `\`${entry.name}\``,
    entry.model,
    entry.faults,
    entry.bound,
    entry.rounds,
    entry.messages,
    entry.breaks,
    `[${entry.file.split('/').at(-1)}](${entry.file.replace('src/classics/', '')})`,
    entry.source,
  ])
  const lines = [HEADINGS, HEADINGS.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map(cell).join(' | ')} |`,
  )
  return `${lines.join('\n')}\n`
}
