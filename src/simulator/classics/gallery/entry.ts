/** An entry of the gallery: an algorithm with its theorem, and functions that run it, explore it and break it. */
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
  /** The messages by the closed form; null if none applies to this run. */
  readonly expectedMessages: number | null
  /** The longest chain of messages in which each causes the next, or the rounds of a synchronous algorithm. */
  readonly rounds: number
  /** The faulty processes. */
  readonly faulty: readonly ProcessId[]
  /** The property that the run violates; null if it holds. */
  readonly violation: string | null
}

export interface GalleryExploration {
  /** The bounds within which all runs were explored, in words. */
  readonly bounds: string
  /** The number of runs. */
  readonly runs: bigint
  /** The number of different states that they visit. */
  readonly states: number
  readonly violation: { readonly property: string; readonly run: GalleryRun } | null
}

export interface GalleryBreak {
  /** The violated condition of the theorem, in words. */
  readonly condition: string
  /** A run that violates a property. */
  readonly run: GalleryRun
}

export interface GalleryEntry {
  /** The name on the command line. */
  readonly name: string
  readonly title: string
  /** One or two sentences that say how it works. */
  readonly idea: string
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
  /** Rounds, or the longest chain of messages, as a formula; `-` if the term has no meaning. */
  readonly rounds: string
  /** Messages as a formula, with the kind of run; `-` if there is none. */
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
  /** Explores all runs within small bounds. */
  explore(): GalleryExploration
  /** Runs it just outside its bound. */
  break(): GalleryBreak
}

/** The descriptive members of an entry. */
export type EntryFacts = Omit<GalleryEntry, 'run' | 'explore' | 'break'>
