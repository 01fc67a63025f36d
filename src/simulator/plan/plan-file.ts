/** Plans as text, so that a failure can be kept and run again without the program that drew it. */
import { isClusterSize } from '../../base/quorum.ts'
import type { AdversaryCatalogue } from './adversaries.ts'
import type { Fault, Plan } from './plan.ts'

const FORMAT = 'strategos plan 1'

export function encodePlan(plan: Plan): string {
  const { incidents, ...rest } = plan
  const head = JSON.stringify({ format: FORMAT, ...rest }, null, 1).slice(0, -2)
  const lines = incidents.map((incident) => `  ${JSON.stringify(incident)}`)
  return `${head},\n "incidents": [\n${lines.join(',\n')}\n ]\n}\n`
}

/** Returns the plan, or a sentence that says what is wrong with the text. Its adversaries must be in the catalogue. */
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
  const { format: _format, ...plan } = value as Plan & { readonly format: string }
  // Plans of before there was a choice say nothing of it.
  const whole = { ...plan, mode: plan.mode ?? 'signed' }
  return faultOf(whole, catalogue) ?? whole
}

function faultOf(plan: Plan, catalogue: AdversaryCatalogue): string | null {
  if (!isClusterSize(plan.n)) return 'It has no n of 4, 7, 10 or 13.'
  if (!['signed', 'oral'].includes(plan.mode)) return '"mode" must be "signed" or "oral".'
  for (const name of ['seed', 'faultyMax', 'calmAtMs'] as const) {
    if (!isNatural(plan[name])) return `"${name}" must be a whole number.`
  }
  for (const name of ['network', 'disk', 'workload'] as const) {
    if (typeof plan[name] !== 'object' || plan[name] === null) return `"${name}" is missing.`
  }
  if (!Array.isArray(plan.clocks) || plan.clocks.length !== plan.n)
    return '"clocks" must have one for each replica.'
  if (!Array.isArray(plan.staysDown) || !Array.isArray(plan.incidents))
    return '"incidents" or "staysDown" is missing.'
  for (const [index, incident] of plan.incidents.entries()) {
    const fault = incidentFault(incident, plan.n, catalogue)
    if (fault !== null) return `Incident ${index + 1} ${fault}.`
  }
  return null
}

function incidentFault(incident: Fault, n: number, catalogue: AdversaryCatalogue): string | null {
  if (typeof incident !== 'object' || incident === null || !isNatural(incident.atMs)) return 'has no "atMs"'
  for (const name of ['replica', 'from', 'to'] as const) {
    const id = (incident as Partial<Record<typeof name, unknown>>)[name]
    if (id !== undefined && !(isNatural(id) && id < n)) return `names no replica in "${name}"`
  }
  const isOfClient = incident.kind === 'restart-client' || incident.kind === 'twin-client'
  if (isOfClient && !isNatural(incident.client)) return 'names no client'
  if (incident.kind === 'twin-client' && !isNatural(incident.lastsMs)) return 'has no "lastsMs"'
  if (incident.kind === 'turn' && !catalogue.has(incident.traitor)) {
    return `names "${incident.traitor}", which is no attack that replicas play`
  }
  return null
}

const isNatural = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
