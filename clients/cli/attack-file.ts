/** An attack in a user's file, written with `strategos/attacks`. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { Attack } from '../../attacks/language/attack.ts'
import { OperatorError } from '../../src/base/operator-error.ts'

/** True if the name of an attack is the path of a file: `./late.mjs`, not `late`. */
export const isAttackFile = (name: string): boolean => /[/\\]|\.(m?js|m?ts)$/.test(name)

const sentence = z.string().min(1)
const callable = z.custom((value) => typeof value === 'function', 'it must be a function')
const SHAPE = z.looseObject({
  name: z.string().regex(/^[a-z0-9-]{1,40}$/, 'it must consist of lower-case letters, digits and hyphens'),
  world: z.enum(['both', 'simulator']),
  targets: z.array(z.enum(['safety', 'liveness', 'performance', 'resources', 'accuracy'])).min(1),
  does: sentence,
  source: sentence,
  expects: sentence,
  traitors: callable,
  behaviour: callable,
  judge: callable.optional(),
  inspect: callable.optional(),
  parts: callable.optional(),
  mode: z.enum(['signed', 'oral']).optional(),
})

/**
 * Loads the attack. Rejects with an `OperatorError` if the file is not a module, or its default export is not an
 * attack by replicas.
 */
export async function readAttackFile(path: string): Promise<Attack> {
  const fail = (why: string): never => {
    throw new OperatorError(`${path} cannot be used as an attack: ${why}.`)
  }
  const loaded = (await import(pathToFileURL(resolve(path)).href).catch((error: Error) =>
    fail(error.message.split('\n', 1)[0] as string),
  )) as { readonly default?: unknown }
  if (loaded.default === undefined) fail('it has no default export')
  const { error } = SHAPE.safeParse(loaded.default)
  const [issue] = error?.issues ?? []
  if (issue !== undefined) fail(`"${issue.path.join('.')}": ${issue.message}`)
  return loaded.default as Attack
}
