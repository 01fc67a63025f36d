/** The tables of `src/classics/README.md`: the gallery, and the faults that its algorithms survive. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GALLERY } from '../../src/simulator/classics/gallery/catalogue.ts'
import { ROOT } from './built-program.ts'

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

const table = (rows: readonly (readonly string[])[]): string => {
  const [headings = [], ...rest] = rows
  const lines = [headings, headings.map(() => '---'), ...rest]
  return `${lines.map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')}\n`
}

export const galleryTable = (): string =>
  table([
    HEADINGS,
    ...GALLERY.map((entry) => [
      `\`${entry.name}\``,
      entry.model,
      entry.faults,
      entry.bound,
      entry.rounds,
      entry.messages,
      entry.breaks,
      `[${entry.file.split('/').at(-1)}](${entry.file.replace('src/classics/', '')})`,
      entry.source,
    ]),
  ])

/** The table that the deep run fills by exploring runs, as it is in its file. */
export const modelsTable = (): string =>
  table(
    readFileSync(join(ROOT, 'test/classics/gallery/models.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  )
