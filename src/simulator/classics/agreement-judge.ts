/** The judge of agreement: all correct processes decide, alike, and on the value that validity demands. */
import type { ProcessId, Value } from '../../classics/process.ts'
import type { Decisions } from './explore-rounds.ts'

/** The processes whose common value must be the decision: all correct ones, or the one that sends if it is correct. */
export type Validity = 'common' | { readonly sender: ProcessId }

/** Returns the property that decisions violate; null if there is none. */
export function agreementFault(context: {
  readonly outcome: Decisions
  readonly values: readonly Value[]
  /** The processes whose initial values do not count: those that lie. */
  readonly liars: readonly ProcessId[]
  readonly validity: Validity
}): string | null {
  const { outcome, values, liars, validity } = context
  const decided = outcome.flatMap((value, id) => (value === undefined ? [] : [{ id, value }]))
  const silent = decided.find(({ value }) => value === null)
  if (silent !== undefined) return `termination: P${silent.id} does not decide`
  const [first] = decided
  const other = decided.find(({ value }) => value !== first?.value)
  if (first !== undefined && other !== undefined)
    return `agreement: P${first.id} decides ${first.value}, P${other.id} decides ${other.value}`
  const demanded = valueDemanded(values, liars, validity)
  if (first === undefined || demanded === null || first.value === demanded) return null
  const because = validity === 'common' ? `all began with ${demanded}` : `the sender has ${demanded}`
  return `validity: ${because}, and P${first.id} decides ${first.value}`
}

function valueDemanded(
  values: readonly Value[],
  liars: readonly ProcessId[],
  validity: Validity,
): Value | null {
  if (validity !== 'common') return liars.includes(validity.sender) ? null : (values[validity.sender] ?? null)
  const own = [...new Set(values.filter((_, id) => !liars.includes(id)))]
  return own.length === 1 ? (own[0] ?? null) : null
}
