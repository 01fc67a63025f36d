/** A run as the part of a link behind the `#`: the whole plan, and the step that it is opened at. */
import type { AdversaryCatalogue } from './adversaries.ts'
import type { Plan } from './plan.ts'
import { decodePlan, encodePlan } from './plan-file.ts'

export interface OpenedRun {
  readonly plan: Plan
  /** The number of steps that have happened. */
  readonly step: number
  /** The name of the level that is played, if one is. */
  readonly level: string | null
}

/** Returns the text behind the `#`. It has letters, digits, `=`, `&`, `-` and `_` only. */
export function encodePlanLink({ plan, step, level }: OpenedRun): string {
  // The text of a plan is ASCII: names, numbers and the signs of JSON.
  const compact = btoa(JSON.stringify(JSON.parse(encodePlan(plan))))
  const text = compact.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  return `${level === null ? '' : `level=${level}&`}step=${step}&plan=${text}`
}

/** Returns the run, a sentence that says what is wrong with the text, or null where the text names no run. */
export function decodePlanLink(text: string, catalogue: AdversaryCatalogue): OpenedRun | string | null {
  const parts = new Map(
    text.split('&').map((part): [string, string] => {
      const [name = '', ...value] = part.split('=')
      return [name, value.join('=')]
    }),
  )
  const encoded = parts.get('plan')
  if (encoded === undefined) return null
  const json = fromBase64(encoded.replaceAll('-', '+').replaceAll('_', '/'))
  if (json === null) return 'The link is not whole: its plan is no base64.'
  const plan = decodePlan(json, catalogue)
  if (typeof plan === 'string') return `The link's plan cannot be run. ${plan}`
  const step = Number(parts.get('step') ?? 0)
  return {
    plan,
    step: Number.isSafeInteger(step) && step >= 0 ? step : 0,
    level: parts.get('level') ?? null,
  }
}

function fromBase64(text: string): string | null {
  try {
    return atob(text)
  } catch {
    return null
  }
}
