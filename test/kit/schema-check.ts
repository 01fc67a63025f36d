/** Holds a value against a JSON schema of the kind that the gateway's description uses; knows no other keywords. */
type Schema = Readonly<Record<string, unknown>>

const KNOWN = new Set(
  'type enum description properties required additionalProperties items minimum'.split(' '),
)

/** The parts of the value that are not as described, as sentences that begin with its place. */
export function misfits(value: unknown, schema: Schema, place = 'it'): readonly string[] {
  const unknown = Object.keys(schema).filter((keyword) => !KNOWN.has(keyword))
  if (unknown.length > 0) throw new Error(`the check knows no ${unknown.join(', ')}`)
  const { type, enum: choices, minimum } = schema
  if (![type].flat().includes(typeOf(value))) return [`${place} is ${typeOf(value)}, not ${type}`]
  if (Array.isArray(choices) && !choices.includes(value)) return [`${place} is ${value}`]
  if (typeof minimum === 'number' && (value as number) < minimum) return [`${place} is below ${minimum}`]
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => misfits(item, schema['items'] as Schema, `${place}[${index}]`))
  }
  return typeof value === 'object' && value !== null ? fieldMisfits(value, schema, place) : []
}

function fieldMisfits(value: object, schema: Schema, place: string): readonly string[] {
  const properties = schema['properties'] as Readonly<Record<string, Schema>>
  const missing = ((schema['required'] ?? []) as readonly string[]).filter(
    (name) => !Object.hasOwn(value, name),
  )
  const found = Object.entries(value).flatMap(([name, field]) => {
    const described = properties[name]
    return described === undefined
      ? [`${place}.${name} is not described`]
      : misfits(field, described, `${place}.${name}`)
  })
  return [...missing.map((name) => `${place}.${name} is missing`), ...found]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
