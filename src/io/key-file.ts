/** Secret keys on disk: mode 0600, or they are not used. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { fromHex, toHex } from '../base/bytes.ts'
import { OperatorError } from '../base/operator-error.ts'
import { reasonOf } from './system-error.ts'

export class KeyFileError extends OperatorError {
  override readonly name = 'KeyFileError'
}

/** The seeds of one participant: 32 bytes each. */
export interface SecretKeys {
  /** Ed25519. */
  readonly signingSeed: Uint8Array
  /** X25519: for pairwise keys in oral mode. */
  readonly agreementSecret: Uint8Array
}

const seed = z.string().regex(/^[0-9a-f]{64}$/, '32 bytes in lowercase hexadecimal')
const KeyJson = z.strictObject({ signingSeed: seed, agreementSecret: seed })

export function writeKeyFile(path: string, keys: SecretKeys): void {
  const json = { signingSeed: toHex(keys.signingSeed), agreementSecret: toHex(keys.agreementSecret) }
  writeFileSync(path, `${JSON.stringify(json, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
}

/** Reads a key file; refuses one that its group or others may touch. */
export function readKeyFile(path: string): SecretKeys {
  const fail = (why: string): never => {
    throw new KeyFileError(`The secret key ${path} cannot be used: ${why}.`)
  }
  let text: string
  try {
    const mode = statSync(path).mode & 0o777
    if ((mode & 0o077) !== 0) {
      fail(`its mode is 0${mode.toString(8)} and must be 0600, so run: chmod 600 ${path}`)
    }
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof KeyFileError) throw error
    return fail(reasonOf(error) ?? String(error))
  }
  const parsed = KeyJson.safeParse(jsonOrNull(text))
  if (!parsed.success) return fail('it does not hold two seeds of 32 bytes')
  return {
    signingSeed: fromHex(parsed.data.signingSeed) ?? new Uint8Array(0),
    agreementSecret: fromHex(parsed.data.agreementSecret) ?? new Uint8Array(0),
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
