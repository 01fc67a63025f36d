/** The command classics: it lists the gallery, and runs, explores or breaks one of its algorithms. */
import { OperatorError } from '../../src/base/operator-error.ts'
import { GALLERY, galleryEntry } from '../../src/simulator/classics/gallery/catalogue.ts'
import type { GalleryEntry, GalleryRun, RunParameters } from '../../src/simulator/classics/gallery/entry.ts'
import { type Exhibit, exhibitOf, factsOf } from '../../src/simulator/classics/gallery/exhibit.ts'
import { breakText, explorationText, listText, runText, tableOfAll } from './classics-text.ts'
import { expectWritable } from './output-file.ts'

export interface ClassicsFlags {
  readonly n?: number
  readonly faults?: number
  readonly seed?: number
  readonly explore?: true
  readonly break?: true
  readonly html?: string
  readonly json?: true
}

export async function classics(name: string | undefined, flags: ClassicsFlags): Promise<void> {
  if (flags.html !== undefined) expectWritable(flags.html)
  if (name === undefined) return all(flags)
  const entry = galleryEntry(name)
  if (entry === null)
    throw new OperatorError(`No algorithm is named "${name}": "strategos classics" lists the algorithms.`)
  if (flags.html !== undefined) await draw(flags.html, [entry])
  else if (flags.explore) explore(entry, flags)
  else if (flags.break) breakAtBound(entry, flags)
  else runOnce(entry, flags)
}

/** Lists the gallery, explores and breaks all of it, or draws it. */
async function all(flags: ClassicsFlags): Promise<void> {
  const option = ['n', 'faults', 'seed', 'break'].find((each) => each in flags)
  if (option !== undefined)
    throw new OperatorError(`--${option} needs an algorithm: strategos classics NAME --${option}.`)
  if (flags.html !== undefined) return draw(flags.html, GALLERY)
  if (!flags.explore) return console.log(flags.json ? jsonText(GALLERY.map(factsOf)) : listText(GALLERY))
  const exhibits = GALLERY.map((entry) => exhibitOf(entry))
  console.log(flags.json ? jsonText(exhibits) : tableOfAll(exhibits))
  process.exitCode = exhibits.every(isRight) ? 0 : 1
}

async function draw(path: string, entries: readonly GalleryEntry[]): Promise<void> {
  const { writeGallery } = await import('./classics-page.ts')
  process.exitCode = writeGallery(path, entries).every(isRight) ? 0 : 1
}

/** True if an algorithm holds in all its runs within bounds, costs what was proved, and breaks outside. */
const isRight = ({ run, exploration, broken }: Exhibit): boolean =>
  run.violation === null &&
  isAsExpected(run) &&
  exploration.violation === null &&
  broken.run.violation !== null

function runOnce(entry: GalleryEntry, flags: ClassicsFlags): void {
  const parameters = parametersOf(entry, flags)
  const run = entry.run(parameters)
  console.log(flags.json ? jsonText({ ...factsOf(entry), parameters, run }) : runText(entry, parameters, run))
  process.exitCode = run.violation === null && isAsExpected(run) ? 0 : 1
}

function explore(entry: GalleryEntry, { json }: ClassicsFlags): void {
  const exploration = entry.explore()
  console.log(json ? jsonText({ ...factsOf(entry), exploration }) : explorationText(entry, exploration))
  process.exitCode = exploration.violation === null ? 0 : 1
}

function breakAtBound(entry: GalleryEntry, { json }: ClassicsFlags): void {
  const broken = entry.break()
  console.log(json ? jsonText({ ...factsOf(entry), break: broken }) : breakText(entry, broken))
  process.exitCode = broken.run.violation === null ? 1 : 0
}

/** Throws if the number of processes or of faults is outside the bounds of the entry. */
function parametersOf({ name, sizes, bound }: GalleryEntry, flags: ClassicsFlags): RunParameters {
  const n = flags.n ?? sizes.n
  if (n < sizes.nMin || n > sizes.nMax)
    throw new OperatorError(
      `${name} runs with ${sizes.nMin} to ${sizes.nMax} processes, not ${n}: change --n.`,
    )
  const most = sizes.faultsMax(n)
  const faults = flags.faults ?? Math.min(sizes.faults, most)
  if (faults > most)
    throw new OperatorError(
      `${name} tolerates at most ${most} faults with n = ${n} (${bound}), not ${faults}: lower --faults, or see --break.`,
    )
  return { n, faults, seed: flags.seed ?? 1 }
}

const isAsExpected = ({ messages, expectedMessages }: GalleryRun): boolean =>
  expectedMessages === null || messages === expectedMessages

/** The number of runs is text, because it may exceed the numbers of JSON. */
const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? each.toString() : each), 2)
