/** Plans as text, so that a failure can be saved and replayed without the program that drew it. */
import { isClusterSize } from '../../base/quorum.ts'
import type { AdversaryCatalogue } from './adversaries.ts'
import type { Fault, Plan } from './plan.ts'

/** The members of a plan's text in addition to the plan's own. */
interface OlderPlan {
  readonly format: string
  readonly incidents?: readonly Fault[]
}

const FORMAT = 'strategos plan 1'

export function encodePlan(plan: Plan): string {
  const { faults, ...rest } = plan
  const head = JSON.stringify({ format: FORMAT, ...rest }, null, 1).slice(0, -2)
  const lines = faults.map((fault) => `  ${JSON.stringify(fault)}`)
  return `${head},\n "faults": [\n${lines.join(',\n')}\n ]\n}\n`
}

/** Returns the plan, or a sentence with the first error of the text. Its adversaries must be in the catalogue. */
export function decodePlan(text: string, catalogue: AdversaryCatalogue): Plan | string {
  let value: Partial<Plan> & { readonly format?: unknown }
  try {
    value = JSON.parse(text)
  } catch {
    return 'It is not JSON.'
  }
  if (typeof value !== 'object' || value === null || value.format !== FORMAT) {
    return `It is no plan: "format" is not "${FORMAT}".`
  }
  const { format: _format, incidents, ...plan } = value as Plan & OlderPlan
  // Older plans have no mode, and call their faults incidents.
  const whole = { ...plan, faults: plan.faults ?? incidents, mode: plan.mode ?? 'signed' }
  return flawOfPlan(whole, catalogue) ?? whole
}

function flawOfPlan(plan: Plan, catalogue: AdversaryCatalogue): string | null {
  if (!isClusterSize(plan.n)) return 'It has no n of 4, 7, 10 or 13.'
  if (!['signed', 'oral'].includes(plan.mode)) return '"mode" must be "signed" or "oral".'
  for (const name of ['seed', 'faultyMax', 'calmAtMs'] as const) {
    if (!isNatural(plan[name])) return `"${name}" must be a whole number.`
  }
  for (const name of ['network', 'disk', 'workload'] as const) {
    if (typeof plan[name] !== 'object' || plan[name] === null) return `"${name}" is missing.`
  }
  const { administrator, clients } = plan.workload
  if (administrator !== undefined && !(isNatural(administrator) && administrator < clients))
    return '"administrator" of "workload" must be the number of a client.'
  if (!Array.isArray(plan.clocks) || plan.clocks.length !== plan.n)
    return '"clocks" must have one for each replica.'
  if (!Array.isArray(plan.staysDown) || !Array.isArray(plan.faults))
    return '"faults" or "staysDown" is missing.'
  for (const [index, fault] of plan.faults.entries()) {
    const flaw = flawOfFault(fault, plan.n, catalogue)
    if (flaw !== null) return `Fault ${index + 1} ${flaw}.`
  }
  return flawOfInterventions(plan.interventions ?? [])
}

function flawOfInterventions(interventions: Plan['interventions']): string | null {
  if (!Array.isArray(interventions)) return '"interventions" must be a list.'
  for (const [index, each] of interventions.entries()) {
    if (typeof each !== 'object' || each === null || !isNatural(each.frame)) {
      return `Intervention ${index + 1} has no number in "frame".`
    }
    const { does, byMs, atMs } = each as Partial<Record<'does' | 'byMs' | 'atMs', unknown>>
    const isKnown =
      does === 'drop' || (does === 'delay' && isTime(byMs)) || (does === 'deliver' && isTime(atMs))
    if (!isKnown) return `Intervention ${index + 1} neither drops, delays by "byMs", nor delivers at "atMs".`
  }
  return null
}

const isTime = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0

function flawOfFault(fault: Fault, n: number, catalogue: AdversaryCatalogue): string | null {
  if (typeof fault !== 'object' || fault === null || !isNatural(fault.atMs)) return 'has no "atMs"'
  for (const name of ['replica', 'from', 'to'] as const) {
    const id = (fault as Partial<Record<typeof name, unknown>>)[name]
    if (id !== undefined && !(isNatural(id) && id < n)) return `names no replica in "${name}"`
  }
  const isOfClient = fault.kind === 'restart-client' || fault.kind === 'twin-client'
  if (isOfClient && !isNatural(fault.client)) return 'names no client'
  if (fault.kind === 'twin-client' && !isNatural(fault.lastsMs)) return 'has no "lastsMs"'
  if (fault.kind === 'turn' && !catalogue.has(fault.traitor)) {
    return `names "${fault.traitor}", which is no attack that replicas play`
  }
  return null
}

const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
