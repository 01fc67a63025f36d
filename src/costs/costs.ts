/** `strategos costs`: every measured row beside its closed form, and whether the two agree. */
import { assert } from '../base/assert.ts'
import type { AuthenticationMode } from '../messages/cluster.ts'
import type { CryptoSuite } from '../ports.ts'
import { CLOSED_FORMS, lectureNote, SIGNED_AGREEMENT } from './closed-forms.ts'
import type { Counts, Measured, Stopwatch } from './counts.ts'
import { areAsExpected, type ExpectedMacs, expectedMacs } from './mac-forms.ts'
import { measureGenerals } from './measure-generals.ts'
import { measureStore } from './measure-store.ts'

export type CostVerdict = 'equal' | 'within' | 'differs'

export interface CostRow extends Measured {
  readonly form: {
    readonly text: string
    readonly relation: 'equal' | 'at most'
    readonly messages: number
    /** Null where nothing is said about rounds. */
    readonly rounds: number | null
    /** MACs inside messages. */
    readonly macs: ExpectedMacs
  }
  readonly verdict: CostVerdict
  /** For agreement with signatures: what lecture notes give, and how many times what was measured that is. */
  readonly lectureNote: { readonly messages: number; readonly factor: number } | null
}

export interface CostsOptions {
  readonly sizes: readonly number[]
  /** Of the store, one after the other. */
  readonly modes: readonly AuthenticationMode[]
  readonly suite: CryptoSuite
  /** Null where nobody asks for the time. */
  readonly stopwatch: Stopwatch | null
}

export function* measureCosts(options: CostsOptions): Generator<CostRow> {
  for (const n of options.sizes) {
    for (const measured of measureGenerals({ ...options, n })) yield judge(measured)
    for (const mode of options.modes) {
      for (const measured of measureStore({ ...options, n, mode })) yield judge(measured)
    }
  }
}

/** Puts the closed form beside what was measured. */
export function judge(measured: Measured): CostRow {
  const { protocol, n, f, counts } = measured
  const form = CLOSED_FORMS.get(protocol)
  assert(form !== undefined, `there is a closed form of ${protocol}`)
  const expected = {
    text: form.text,
    relation: form.relation,
    messages: form.messages(n, f),
    rounds: form.rounds?.(n, f) ?? null,
    macs: expectedMacs(protocol, n),
  }
  const note = lectureNote(n, f)
  return {
    ...measured,
    form: expected,
    verdict: verdictOf(counts, expected),
    lectureNote: SIGNED_AGREEMENT.has(protocol) ? { messages: note, factor: note / counts.messages } : null,
  }
}

function verdictOf(counts: Counts, form: CostRow['form']): CostVerdict {
  const { messages, rounds } = counts
  if (form.rounds !== null && rounds !== form.rounds) return 'differs'
  if (!areAsExpected(counts, form.macs)) return 'differs'
  if (messages === form.messages) return 'equal'
  return form.relation === 'at most' && messages < form.messages ? 'within' : 'differs'
}
