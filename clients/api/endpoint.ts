/**
 * The types that declare the HTTP API. An endpoint is one method of one path, with its parameters, its answers and its
 * problems. Each file of this folder declares the endpoints of one resource, and `endpoints.ts` lists them all. The
 * gateway's routes and checks, the OpenAPI document, the types of clients and the tables of `clients/README.md` are
 * derived from them.
 *
 * A stream of server-sent events is an answer with the content `text/event-stream`, whose schema describes the data of
 * one event.
 */
import { z } from 'zod'
import type { ProblemCode } from './problems.ts'

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** A named part of the URL. */
export interface Parameter {
  readonly description: string
  /** Parses the percent-encoded text of the URL. Its output type is the type in the description. */
  readonly schema: z.ZodType<unknown, string | undefined>
}

/** Schemas by media type. */
export type Content = Readonly<Record<string, z.ZodType>>

export interface Body {
  readonly description: string
  readonly bytesMax: number
  readonly content: Content
}

export interface Answer {
  readonly description: string
  /** Headers with a special meaning here, and their descriptions. */
  readonly headers?: Readonly<Record<string, string>>
  /** Absent if the answer has no body. */
  readonly content?: Content
}

export interface Endpoint {
  readonly method: Method
  /**
   * One name in braces may be a segment: it takes any bytes, slashes included, and is one of the parameters.
   */
  readonly path: string
  /** One sentence. */
  readonly summary: string
  /** Details beyond that sentence. */
  readonly description?: string
  /** The parameters, in the order in which they are read; the first wrong one is reported. */
  readonly parameters?: Readonly<Record<string, Parameter>>
  /** Headers with a special meaning here, and their descriptions. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
  /** The successful answers, by status. */
  readonly answers: Readonly<Record<number, Answer>>
  /** The problems that only some routes report. */
  readonly problems: readonly ProblemCode[]
}

/** An endpoint whose type knows its parameters, its body and its answers. */
export const endpoint = <const E extends Endpoint>(declared: E): E => declared

const BYTES = z.instanceof(Uint8Array).meta({ type: 'string', format: 'binary' })

/** The header of writes that may be sent again. */
export const IDEMPOTENCY_HEADER = {
  'Idempotency-Key':
    '1 to 64 visible characters of ASCII, chosen for this write: it is executed once, and has the same answer, however often it is sent through this gateway. The last 4,096 keys are kept.',
} as const

/** Any bytes. */
export const octets = { 'application/octet-stream': BYTES } as const

export const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { 'application/json': schema },
})

/** True if a parameter is part of the path, not of the query. */
export const isInPath = ({ path }: Pick<Endpoint, 'path'>, name: string): boolean =>
  path.includes(`/{${name}}`)

/** The names of the query parameters. */
export const queryNames = (declared: Endpoint): readonly string[] =>
  Object.keys(declared.parameters ?? {}).filter((name) => !isInPath(declared, name))

type ReadonlyOf<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer Item)[]
    ? readonly ReadonlyOf<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: ReadonlyOf<T[Name]> }
      : T

/** The values that a schema describes, read-only. */
export type Described<S extends z.ZodType> = ReadonlyOf<z.output<S>>

type ValueOf<P> = P extends Parameter ? z.output<P['schema']> : never

/** The values of parameters; optional parameters are optional members. */
type ValuesOf<P> = {
  readonly [Name in keyof P as undefined extends ValueOf<P[Name]> ? never : Name]: ValueOf<P[Name]>
} & {
  readonly [Name in keyof P as undefined extends ValueOf<P[Name]> ? Name : never]?: ValueOf<P[Name]>
}

export type ParametersOf<E extends Endpoint> = ValuesOf<E['parameters']>

type JsonIn<C> = C extends { readonly 'application/json': infer S extends z.ZodType } ? Described<S> : never

type JsonOfAnswer<A> = A extends { readonly content: infer C } ? JsonIn<C> : never

/** The documents that an endpoint may return. */
export type AnswerOf<E extends Endpoint> = {
  [Status in keyof E['answers']]: JsonOfAnswer<E['answers'][Status]>
}[keyof E['answers']]

/** The body of a request as the endpoint reads it: a document if it takes JSON, otherwise bytes. */
export type BodyOf<E extends Endpoint> = E['body'] extends { readonly content: infer C }
  ? C extends { readonly 'application/json': infer S extends z.ZodType }
    ? Described<S>
    : Uint8Array
  : undefined
