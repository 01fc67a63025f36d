/**
 * Schemas of URL parameters. Each parses the percent-encoded text, and its error is a sentence about the parameter.
 */
import { z } from 'zod'
import { leaseIdOf } from '../../src/store/lease-id.ts'
import { KEY_BYTES_MAX } from '../../src/store/operations.ts'
import { keyOfName } from './key-name.ts'
import { decodedText, decodeKey } from './key-path.ts'
import type { ProblemCode } from './problems.ts'

/** The facts of an issue in addition to its message. */
export interface IssueFacts {
  readonly problem?: ProblemCode
}

/** Reports an error of a value; `problem` defaults to `bad-request`. */
function fault(context: z.RefinementCtx, message: string, problem?: ProblemCode): never {
  const params: IssueFacts = problem === undefined ? {} : { problem }
  context.addIssue({ code: 'custom', message, params })
  return z.NEVER
}

/** Text. */
export const text = (name: string) =>
  z
    .string()
    .transform(
      (encoded, context) => decodedText(encoded) ?? fault(context, `${name} is not percent-encoded UTF-8`),
    )
    .meta({ type: 'string' })

/** A whole number from 0 to `most`. */
export const wholeNumber = (name: string, most = Number.MAX_SAFE_INTEGER) => {
  const range = most === Number.MAX_SAFE_INTEGER ? '' : ` from 0 to ${most}`
  const message = `${name} is not a whole number${range}`
  return text(name).pipe(
    z
      .string()
      .regex(/^\d{1,16}$/, message)
      .transform(Number)
      .pipe(z.int(message).min(0, message).max(most, message)),
  )
}

/** One of a closed set of words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(name: string, words: Words) =>
  text(name).pipe(z.enum(words, `${name} is not one of ${words.join(', ')}`))

/** The id of a lease, which has a sign in the store and none in its text. */
export const leaseIdNumber = (name: string) =>
  z
    .string()
    .transform(
      (digits, context): bigint =>
        leaseIdOf(digits) ?? fault(context, `${name} is not up to 16 hexadecimal digits`),
    )
    .meta({ type: 'string' })

/** The same in a URL. */
export const leaseId = (name: string) => text(name).pipe(leaseIdNumber(name))

/** A flag: true for `true` and for the name without a value, false for `false`. */
export const flag = (name: string) =>
  text(name).pipe(
    z
      .enum(['true', 'false', ''], `${name} is neither true nor false`)
      .transform((word) => word !== 'false')
      .meta({ type: 'boolean' }),
  )

/** Any bytes, at least `least` and at most the length of a key. `said` names them in an error. */
export const keyBytes = (said: string, least = 1) =>
  z
    .string()
    .transform((encoded, context): Uint8Array => {
      const bytes = decodeKey(encoded, least)
      if (bytes === 'bad-key') return fault(context, `${said} is empty or not percent-encoded`, 'bad-key')
      if (bytes === 'too-large') return fault(context, `${said} is longer than 4,096 bytes`, 'bad-key')
      return bytes
    })
    .meta({ type: 'string' })

/** The bytes of an escaped name, at least `least` and at most the length of a key. `said` names them in an error. */
export const nameBytes = (said: string, least = 1) =>
  z
    .string()
    .transform((name, context): Uint8Array => {
      const bytes = keyOfName(name)
      if (bytes === null) {
        const hint = 'the name has an unknown backslash escape; write a backslash as \\\\'
        return fault(context, hint, 'bad-key')
      }
      if (bytes.length < least) return fault(context, `${said} is empty`, 'bad-key')
      if (bytes.length > KEY_BYTES_MAX) return fault(context, `${said} is longer than 4,096 bytes`, 'bad-key')
      return bytes
    })
    .meta({ type: 'string' })

/** The bytes of a key that is given by its escaped name. */
export const namedKey = text('name').pipe(nameBytes('the key'))

/** Bytes in hexadecimal, as the gateway issued them. */
export const handedOut = (name: string, bytesOf: (text: string) => Uint8Array | null) =>
  text(name).pipe(
    z
      .string()
      .transform(
        (given, context): Uint8Array =>
          bytesOf(given) ?? fault(context, `the ${name} was not issued by this server`),
      )
      .meta({ type: 'string' }),
  )
