/** The tokens of a gateway's callers: made, listed and revoked in their file, which a running gateway reads again. */
import { join } from 'node:path'
import { addToken, readTokenFile, revokeToken } from '../gateway/token-file.ts'

export interface TokenFlags {
  readonly dir: string
  readonly tokens?: string
  readonly json?: true
}

export function add(name: string, flags: TokenFlags): void {
  const path = fileOf(flags)
  const token = addToken(path, name, new Date())
  if (flags.json) console.log(JSON.stringify({ name, token, file: path }))
  else {
    console.log(token)
    console.error(`This is the token of ${name}, and is shown only now; its hash is in ${path}.`)
  }
}

export function list(flags: TokenFlags): void {
  const tokens = readTokenFile(fileOf(flags)).map(({ name, made }) => ({ name, made }))
  if (flags.json) console.log(JSON.stringify({ tokens }))
  else for (const { name, made } of tokens) console.log(`${made}  ${name}`)
}

export function revoke(name: string, flags: TokenFlags): void {
  revokeToken(fileOf(flags), name)
  if (flags.json) console.log(JSON.stringify({ revoked: name }))
  else console.log(`The token of ${name} is revoked; a running gateway refuses it within seconds.`)
}

const fileOf = ({ dir, tokens }: TokenFlags): string => tokens ?? join(dir, 'tokens.json')
