/** A small mistake, as text of the built program. */
export interface Patch {
  /** Below `dist`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly search: string
  readonly replacement: string
}

/** A small mistake that something has to notice. */
export interface Mutant extends Patch {
  readonly name: string
  /** The rule that it breaks. */
  readonly rule: string
  /** What has to change together with the first place for the mistake to be one. */
  readonly also?: readonly Patch[]
  /** For a mistake that no run of a cluster shows: the test of the rule that has to fail with it, and to hold without. */
  readonly paper?: {
    /** Below `test`. */
    readonly file: string
    /** A part of the test's name. */
    readonly test: string
  }
}

export const pbft = (name: string): string => `src/pbft/${name}.js`
