/** An exhibit: an entry of the gallery with its run, the count of all its runs within bounds, and its break, as plain data. */
import type { GalleryBreak, GalleryEntry, GalleryRun, RunParameters } from './entry.ts'

/** The descriptive members of an entry, in the order in which they are printed. */
const FACTS = [
  ...(['name', 'title', 'idea', 'room', 'file', 'source'] as const),
  ...(['model', 'faults', 'bound', 'rounds', 'messages', 'breaks'] as const),
] satisfies readonly (keyof GalleryEntry)[]

export type ExhibitFacts = Pick<GalleryEntry, (typeof FACTS)[number]>

/** The outcome of a walk over all runs, without the diagram of a violation. */
export interface ExhibitExploration {
  readonly bounds: string
  /** A number in decimal digits, because it may exceed the numbers of JSON. */
  readonly runs: string
  readonly states: number
  readonly violation: string | null
}

export interface Exhibit {
  readonly facts: ExhibitFacts
  readonly parameters: RunParameters
  readonly run: GalleryRun
  readonly exploration: ExhibitExploration
  readonly broken: GalleryBreak
}

export const factsOf = (entry: GalleryEntry): ExhibitFacts =>
  Object.fromEntries(FACTS.map((fact) => [fact, entry[fact]])) as unknown as ExhibitFacts

/** The parameters of a run for which nothing was asked. */
export function defaultParameters({ sizes }: GalleryEntry): RunParameters {
  return { n: sizes.n, faults: Math.min(sizes.faults, sizes.faultsMax(sizes.n)), seed: 1 }
}

/** Runs, explores and breaks an entry. */
export function exhibitOf(entry: GalleryEntry, parameters = defaultParameters(entry)): Exhibit {
  const { bounds, runs, states, violation } = entry.explore()
  return {
    facts: factsOf(entry),
    parameters,
    run: entry.run(parameters),
    exploration: { bounds, runs: runs.toString(), states, violation: violation?.property ?? null },
    broken: entry.break(),
  }
}
