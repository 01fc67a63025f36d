/** The command classics: it lists the gallery, and runs, explores or breaks one of its algorithms. */
import { OperatorError } from '../../src/base/operator-error.ts'
import { GALLERY, galleryEntry } from '../../src/simulator/classics/gallery/catalogue.ts'
import type { GalleryEntry, GalleryRun, RunParameters } from '../../src/simulator/classics/gallery/entry.ts'
import { breakText, explorationText, listText, runText } from './classics-text.ts'

export interface ClassicsFlags {
  readonly n?: number
  readonly faults?: number
  readonly seed?: number
  readonly explore?: true
  readonly break?: true
  readonly json?: true
}

export function classics(name: string | undefined, flags: ClassicsFlags): void {
  if (name === undefined) return list(flags)
  const entry = galleryEntry(name)
  if (entry === null)
    throw new OperatorError(`No algorithm is named "${name}": "strategos classics" lists the algorithms.`)
  if (flags.explore) explore(entry, flags)
  else if (flags.break) breakAtBound(entry, flags)
  else runOnce(entry, flags)
}

function list(flags: ClassicsFlags): void {
  const option = ['n', 'faults', 'seed', 'explore', 'break'].find((each) => each in flags)
  if (option !== undefined)
    throw new OperatorError(`--${option} needs an algorithm: strategos classics NAME --${option}.`)
  console.log(flags.json ? jsonText(GALLERY.map(factsOf)) : listText(GALLERY))
}

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

/** The descriptive members of an entry, in the order in which they are printed. */
const FACTS = [
  ...(['name', 'title', 'room', 'file', 'source'] as const),
  ...(['model', 'faults', 'bound', 'rounds', 'messages', 'breaks'] as const),
] satisfies readonly (keyof GalleryEntry)[]

const factsOf = (entry: GalleryEntry) => Object.fromEntries(FACTS.map((fact) => [fact, entry[fact]]))

/** The number of runs is text, because it may exceed the numbers of JSON. */
const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? each.toString() : each), 2)
