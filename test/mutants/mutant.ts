/** A small mistake, as text of the built program. */
export interface Patch {
  /** The declaration that it changes: a function or a constant by its name, a method as `Class.method`. Its file is looked up. */
  readonly within: string
  /** Stands in that declaration exactly once. */
  readonly search: string
  readonly replacement: string
}

/** Why runs of a cluster do not show a mistake. */
export const UNSEEN = {
  noLiar: 'it lets in what no traitor and no client of the simulator sends',
  madeUp: 'another rule makes up for it, only later',
  cost: 'it costs time, work or fairness, and no more than a run allows',
  rare: 'it takes several things at one moment, which no run brings together',
  notRun: 'runs have none of it: files, processes, new clients, large requests, damaged states, old copies',
} as const

/** A small mistake that something has to notice. */
export interface Mutant extends Patch {
  readonly name: string
  /** The rule that it breaks. */
  readonly rule: string
  /** A mistake of oral mode, which runs of that mode have to show; attacks run signed clusters. */
  readonly mode?: 'signed' | 'oral'
  /** Patches that must change together with the first place for the mistake to be one. */
  readonly also?: readonly Patch[]
  /** The attack that gets through where this mistake is: what is missing is its defence. */
  readonly attack?: string
  /** For a mistake that no scenario and no seed shows: the test of the rule that has to fail with it, and to hold without. */
  readonly paper?: {
    /** Below `test`. */
    readonly file: string
    /** A part of the test's name. */
    readonly test: string
    readonly why: (typeof UNSEEN)[keyof typeof UNSEEN]
  }
}
