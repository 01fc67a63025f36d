/** An entry of the gallery: an algorithm with its theorem, and the ways to run it, explore it and break it. */
import type { ProcessId } from '../../../classics/process.ts'
import type { DiagramEvent } from '../space-time.ts'

/** The rooms of the gallery, as the folders below `src/classics`. */
export const ROOMS = [
  'time',
  'snapshots',
  'mutual-exclusion',
  'election',
  'failure-detectors',
  'multicast',
  'agreement',
  'commit',
  'consensus',
  'impossibility',
  'quorums',
  'secrets',
] as const
export type Room = (typeof ROOMS)[number]

export type TimingModel = 'synchronous' | 'partially synchronous' | 'asynchronous'

export interface RunParameters {
  readonly n: number
  readonly faults: number
  readonly seed: number
}

export interface GalleryRun {
  readonly n: number
  readonly events: readonly DiagramEvent[]
  readonly messages: number
  /** The messages of the closed form; null where none applies to this run. */
  readonly expectedMessages: number | null
  /** The longest chain of messages of which each caused the next, or the rounds of a synchronous algorithm. */
  readonly rounds: number
  /** The faulty processes. */
  readonly faulty: readonly ProcessId[]
  /** The property that the run violates; null if it holds. */
  readonly violation: string | null
}

export interface GalleryExploration {
  /** The bounds within which all runs were walked, in words. */
  readonly bounds: string
  /** The number of runs. */
  readonly runs: bigint
  /** The number of different states that they go through. */
  readonly states: number
  readonly violation: { readonly property: string; readonly run: GalleryRun } | null
}

export interface GalleryBreak {
  /** The condition of the theorem that is not met, in words. */
  readonly condition: string
  /** A run that violates a property. */
  readonly run: GalleryRun
}

export interface GalleryEntry {
  /** The name on the command line. */
  readonly name: string
  readonly title: string
  readonly room: Room
  /** The file with the algorithm. */
  readonly file: string
  /** The authors, the place and the year. */
  readonly source: string
  readonly model: TimingModel
  /** The faults that it tolerates. */
  readonly faults: string
  /** The bound of the theorem as a formula. */
  readonly bound: string
  /** Rounds, or the longest chain of messages, as a formula; `-` where the term has no meaning. */
  readonly rounds: string
  /** Messages as a formula, and for which kind of run; `-` where none exists. */
  readonly messages: string
  /** The situation in which it breaks, and what breaks. */
  readonly breaks: string
  readonly sizes: {
    readonly n: number
    readonly nMin: number
    readonly nMax: number
    readonly faults: number
    faultsMax(n: number): number
  }
  /** Runs it once within its bound. */
  run(parameters: RunParameters): GalleryRun
  /** Walks all runs within small bounds. */
  explore(): GalleryExploration
  /** Runs it just outside its bound. */
  break(): GalleryBreak
}

/** The facts of an entry: all but how it runs. */
export type EntryFacts = Omit<GalleryEntry, 'run' | 'explore' | 'break'>
