/**
 * Reads the members of a gateway's answer that a command needs. The types are those of the schemas in `clients/api`.
 * The schemas themselves are not loaded, because loading zod takes more processor time than a whole `get`. So a reader
 * names the members that its command uses; the compiler checks them against the schema, and the reader checks the
 * answer against them. Other members are ignored: a newer gateway may send more.
 */
import { OperatorError } from '../../src/base/operator-error.ts'

/** The members of a document that are read, with the type of each. */
export type Shape<T> = T extends string
  ? 'string'
  : T extends number
    ? 'number'
    : T extends boolean
      ? 'boolean'
      : T extends readonly (infer Item)[]
        ? readonly [Shape<Item>]
        : { readonly [Name in keyof T]?: MemberShape<T[Name]> }

type MemberShape<T> = null extends T
  ? { readonly orNull: Shape<NonNullable<T>> }
  : undefined extends T
    ? { readonly ifThere: Shape<NonNullable<T>> }
    : Shape<T>

type AnyShape = string | readonly AnyShape[] | { readonly [Name in string]?: AnyShape }

/** Returns a reader of documents of type `T`; it throws an `OperatorError` for any other document. */
export const answerReader =
  <T>() =>
  <const S extends Shape<T>>(shape: S) =>
  (json: Uint8Array): Pick<T, keyof S & keyof T> => {
    const answer = parsedJson(Buffer.from(json).toString('utf8'))
    if (answer === undefined) throw notOfAGateway('its answer is not JSON')
    const place = misfit(answer, shape as AnyShape, 'answer')
    if (place === null) return answer as Pick<T, keyof S & keyof T>
    throw notOfAGateway(`its ${place} is missing or of another type`)
  }

const notOfAGateway = (why: string): OperatorError =>
  new OperatorError(`The server at this address is not a strategos gateway: ${why}.`)

/** Parses JSON; returns undefined for other text. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The path of the first part of a value that does not match its shape; null if all parts match. */
function misfit(value: unknown, shape: AnyShape, place: string): string | null {
  if (typeof shape === 'string') return typeof value === shape ? null : place
  if (Array.isArray(shape)) {
    const [item] = shape as readonly AnyShape[]
    if (!Array.isArray(value) || item === undefined) return place
    return firstOf(value, (each, index) => misfit(each, item, `${place}[${index}]`))
  }
  const { orNull, ifThere } = shape as { readonly [Name in string]?: AnyShape }
  if (orNull !== undefined) return value === null ? null : misfit(value, orNull, place)
  if (ifThere !== undefined) return value === undefined ? null : misfit(value, ifThere, place)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return place
  const members = value as Readonly<Record<string, unknown>>
  return firstOf(Object.entries(shape), ([name, member]) =>
    member === undefined ? null : misfit(members[name], member, `${place}.${name}`),
  )
}

function firstOf<T>(items: readonly T[], find: (item: T, index: number) => string | null): string | null {
  for (const [index, item] of items.entries()) {
    const found = find(item, index)
    if (found !== null) return found
  }
  return null
}
