/**
 * The part of a long run that decides it: from its first act of a traitor, or its first fault, to the conviction, the
 * new view, or the end of the first sequence number that may be affected. A few hundred lines at most.
 */
import type { ReplicaId } from '../../base/ids.ts'
import { faultsMax } from '../../base/quorum.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { ExplainedEntry } from './explanation.ts'
import type { TracedStep } from './trace.ts'

/** Entries that are kept of a long part: its first and its last ones. */
const FIRST_MAX = 60
const LAST_MAX = 40

/** Entries of a run, in order. */
export interface Part {
  readonly entries: readonly ExplainedEntry[]
  /** The index in `entries` behind which entries are left out, and the number of these; null if none are. */
  readonly gap: { readonly after: number; readonly count: number } | null
  /** Its beginning and its end in words. */
  readonly begins: string
  readonly ends: string
}

/** Gathers the entries of a range of steps, all of them. */
export class ChosenRange {
  readonly #range: StepRange
  readonly #entries: ExplainedEntry[] = []

  constructor(range: StepRange) {
    this.#range = range
  }

  add(entry: ExplainedEntry): void {
    const { from, to } = this.#range
    if (entry.steps >= from && entry.steps <= to) this.#entries.push(entry)
  }

  part(): Part {
    return { entries: this.#entries, gap: null, begins: 'the chosen step', ends: 'the chosen one' }
  }
}

export interface StepRange {
  readonly from: number
  readonly to: number
}

export interface DecisiveOptions {
  readonly n: number
  readonly isTraitor: (id: ReplicaId) => boolean
  /** Entries before this time are none of the part. */
  readonly fromMs: number
  /** The beginning in words, if no other is found. */
  readonly begins: string
  /** The words for the entry at which it begins; null for another entry. */
  readonly beginsAt: (entry: ExplainedEntry) => string | null
}

/** Gathers the entries of the decisive part while the run goes on. */
export class DecisivePart {
  readonly #options: DecisiveOptions
  #stretch = new Stretch()
  #begins: string | null = null
  /** The highest sequence number that each correct replica has executed. */
  readonly #executed = new Map<ReplicaId, number>()
  #affected: number | null = null
  #conviction: Part | null = null
  #view: Part | null = null
  #served: Part | null = null

  constructor(options: DecisiveOptions) {
    this.#options = options
  }

  add(entry: ExplainedEntry): void {
    if (entry.atMs < this.#options.fromMs || this.#conviction !== null) return
    const begins = this.#begins === null ? this.#options.beginsAt(entry) : null
    if (begins !== null) this.#begin(begins)
    this.#stretch.add(entry)
  }

  /** A traitor acted: its last entry is the first one of the part. */
  act(entry: ExplainedEntry): void {
    if (this.#begins !== null) return
    this.#begin('the first act')
    this.#stretch.add(entry)
  }

  /** Looks for the moments at which the part may end. Called after the entry of the step was added. */
  look({ replica, effects }: TracedStep): void {
    if (this.#options.isTraitor(replica)) return
    for (const effect of effects) {
      if (effect.kind === 'execute') this.#executed.set(replica, effect.sequence)
      if (this.#begins === null) continue
      const guilty = convictedBy(effect)
      if (guilty !== null) this.#conviction ??= this.#until(`the conviction of replica ${guilty}`)
      const view = viewEnteredBy(effect)
      if (view !== null) this.#view ??= this.#until(`the beginning of view ${view}`)
    }
    const affected = this.#affected
    if (affected === null || this.#served !== null) return
    const done = [...this.#executed.values()].filter((sequence) => sequence >= affected).length
    if (done >= this.#options.n - faultsMax(this.#options.n))
      this.#served = this.#until(`the end of sequence number ${affected}`)
  }

  /** With `isBroken`, the end of the run is what decides. */
  part(isBroken: boolean): Part {
    if (isBroken) return this.#until('the end of the run, which broke a promise')
    return this.#conviction ?? this.#view ?? this.#served ?? this.#until('the end of the run')
  }

  #begin(begins: string): void {
    this.#begins = begins
    this.#stretch = new Stretch()
    this.#affected = Math.max(0, ...this.#executed.values()) + 1
  }

  #until(ends: string): Part {
    return { ...this.#stretch.kept(), begins: this.#begins ?? this.#options.begins, ends }
  }
}

/** The first and the last entries of a stretch that may be long. */
class Stretch {
  readonly #first: ExplainedEntry[] = []
  #last: ExplainedEntry[] = []
  #count = 0

  add(entry: ExplainedEntry): void {
    this.#count++
    if (this.#first.length < FIRST_MAX) this.#first.push(entry)
    else this.#last.push(entry)
    if (this.#last.length > 2 * LAST_MAX) this.#last = this.#last.slice(-LAST_MAX)
  }

  kept(): Pick<Part, 'entries' | 'gap'> {
    const last = this.#last.slice(-LAST_MAX)
    const entries = [...this.#first, ...last]
    const count = this.#count - entries.length
    return { entries, gap: count === 0 ? null : { after: this.#first.length - 1, count } }
  }
}

function convictedBy(effect: Effect): ReplicaId | null {
  if (effect.kind === 'reject') return effect.evidence?.guilty ?? null
  if (effect.kind !== 'persist' || effect.record.kind !== 'evidence') return null
  return effect.record.isNew ? effect.record.evidence.guilty : null
}

function viewEnteredBy(effect: Effect): number | null {
  if (effect.kind !== 'persist') return null
  const { record } = effect
  if (record.kind === 'new-view-made') return record.content.view
  return record.kind === 'new-view' ? record.newView.view : null
}
