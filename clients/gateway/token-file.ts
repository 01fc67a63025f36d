/**
 * The tokens by which a gateway knows its callers, as a file of their names and hashes. A token is 32 random bytes, so
 * that its hash needs no salt and no slow function: nobody can try them all.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { OperatorError } from '../../src/base/operator-error.ts'
import { reasonOf } from '../../src/io/system-error.ts'

/** The beginning of every token, by which a person or a scanner recognizes one that leaked. */
const PREFIX = 'strategos_'
const TOKEN_BYTES = 32
/** Tokens of one file. Each is compared with at every request. */
const TOKENS_MAX = 1_000

const TokenEntry = z.strictObject({
  name: z.string().regex(/^[\w.@-]{1,64}$/, 'a name of up to 64 letters, digits and . _ @ -'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, '32 bytes in lowercase hexadecimal'),
  made: z.iso.date(),
})
const TokenJson = z.strictObject({ tokens: z.array(TokenEntry).max(TOKENS_MAX) })

export type TokenEntry = z.infer<typeof TokenEntry>

/** Reads a file of tokens. Throws an `OperatorError` for one that is not there or is wrong. */
export function readTokenFile(path: string): readonly TokenEntry[] {
  const fail = (why: string): never => {
    throw new OperatorError(`The tokens in ${path} cannot be used: ${why}.`)
  }
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
    const mode = statSync(path).mode & 0o777
    if ((mode & 0o022) !== 0) {
      fail(`others may write it, as its mode is 0${mode.toString(8)}, so run: chmod 600 ${path}`)
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error
    fail(reasonOf(error) ?? String(error))
  }
  const read = TokenJson.safeParse(jsonOrNull(text))
  if (read.success) return read.data.tokens
  const [issue] = read.error.issues
  return fail(`it is no file of tokens, at "${issue?.path.join('.') || 'top level'}": ${issue?.message}`)
}

/** Makes a token, adds its hash under a name, and returns the token, which is kept nowhere. */
export function addToken(path: string, name: string, now: Date): string {
  if (!TokenEntry.shape.name.safeParse(name).success) {
    throw new OperatorError(`"${name}" is no name for a token: up to 64 letters, digits and . _ @ - are one.`)
  }
  const tokens = existsSync(path) ? readTokenFile(path) : []
  if (tokens.some((each) => each.name === name)) {
    throw new OperatorError(`${path} has a token named ${name} already: revoke it first, or choose a name.`)
  }
  if (tokens.length >= TOKENS_MAX) throw new OperatorError(`${path} has ${TOKENS_MAX} tokens, and no more.`)
  const token = `${PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`
  const entry = { name, sha256: hashOf(token).toString('hex'), made: now.toISOString().slice(0, 10) }
  writeTokens(path, [...tokens, entry])
  return token
}

/** Takes a token away by its name. Throws an `OperatorError` where there is none of it. */
export function revokeToken(path: string, name: string): void {
  const tokens = readTokenFile(path)
  const left = tokens.filter((each) => each.name !== name)
  if (left.length === tokens.length) throw new OperatorError(`${path} has no token named ${name}.`)
  writeTokens(path, left)
}

/** The entry of a token, or null. The time that it takes does not depend on how much of a hash is right. */
export function entryOf(tokens: readonly TokenEntry[], token: string): TokenEntry | null {
  const hash = hashOf(token)
  let found: TokenEntry | null = null
  for (const entry of tokens) {
    if (timingSafeEqual(hash, Buffer.from(entry.sha256, 'hex'))) found = entry
  }
  return found
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

/** Replaces the file as a whole, so that a gateway never reads half of one. */
function writeTokens(path: string, tokens: readonly TokenEntry[]): void {
  const beside = `${path}.new`
  writeFileSync(beside, `${JSON.stringify({ tokens }, null, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(beside, path)
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
