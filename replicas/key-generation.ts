/** Makes keys on the machine that keeps them, and reads public keys that others printed. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { z } from 'zod'
import { fromHex, toHex } from '../src/base/bytes.ts'
import { OperatorError } from '../src/base/operator-error.ts'
import { suiteNamed } from '../src/crypto/suites.ts'
import {
  clientKey,
  clientsDirectory,
  replicaDirectory,
  replicaKey,
  replicaLog,
} from '../src/io/cluster-directory.ts'
import { createFileLog } from '../src/io/file-log.ts'
import { LogFailed } from '../src/io/file-log-errors.ts'
import { readKeyFile, type SecretKeys, writeKeyFile } from '../src/io/key-file.ts'
import { systemEntropy } from '../src/io/system.ts'
import { operatorErrorOf } from '../src/io/system-error.ts'
import type { CryptoSuite } from '../src/ports.ts'
import { lockReplica } from './replica-storage.ts'
import { stage } from './staging.ts'

/** The owner of a pair of keys. */
export type KeyOwner =
  | { readonly kind: 'replica'; readonly id: number }
  | { readonly kind: 'client'; readonly name: string }

export interface PublicKeys {
  readonly publicKey: Uint8Array
  readonly agreementKey: Uint8Array
}

/** The name of a client, and the file with its public keys as `keygen` printed them. */
export interface ClientKeyFile {
  readonly name: string
  readonly path: string
}

type SuiteName = 'sodium' | 'noble'

/** The form of a client's name, which is part of its file names. */
const CLIENT_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

/** Throws an `OperatorError` for an invalid client name. */
export function expectClientName(name: string): void {
  if (CLIENT_NAME.test(name)) return
  throw new OperatorError(
    `"${name}" is not a client's name; write up to 64 lower-case letters, digits, dots, hyphens and underscores.`,
  )
}

/** Makes the keys of a replica, with its log, or of a client. Returns the public keys for `init`, in hexadecimal. */
export async function generateKey(directory: string, owner: KeyOwner, suite: SuiteName): Promise<object> {
  const path = keyPath(directory, owner)
  if (existsSync(path)) {
    throw new OperatorError(
      `${path} exists already; a key is never overwritten. --show prints its public key.`,
    )
  }
  const keys = generateKeys()
  if (owner.kind === 'replica') await writeWhole(directory, owner.id, keys)
  else {
    mkdirSync(clientsDirectory(directory), { recursive: true })
    writeKeyFile(path, keys)
  }
  return shown(keys, suite)
}

/** Returns the public keys of an existing key, in hexadecimal. */
export function readOwnPublicKeys(directory: string, owner: KeyOwner, suite: SuiteName): object {
  return shown(readKeyFile(keyPath(directory, owner)), suite)
}

/** Writes a replica's folder: its key and a log that holds its birth record. */
export async function writeReplica(directory: string, id: number, keys: SecretKeys): Promise<void> {
  mkdirSync(replicaDirectory(directory, id), { mode: 0o700 })
  const lock = await lockReplica(directory, id)
  try {
    writeKeyFile(replicaKey(directory, id), keys)
    await createFileLog(replicaLog(directory, id), { lock })
  } finally {
    await lock.release()
  }
}

export function generateKeys(): SecretKeys {
  return { signingSeed: systemEntropy(32), agreementSecret: systemEntropy(32) }
}

export function publicKeysOf(keys: SecretKeys, suite: CryptoSuite): PublicKeys {
  return {
    publicKey: Uint8Array.from(suite.signer(keys.signingSeed).publicKey),
    agreementKey: Uint8Array.from(suite.agreementPublicKey(keys.agreementSecret)),
  }
}

const hexKey = z.string().regex(/^[0-9a-f]{64}$/)
const PublicKeysJson = z.object({ publicKey: hexKey, agreementKey: hexKey })

/** Reads public keys in the form that `keygen` prints. Throws an `OperatorError` for any other file. */
export function readPublicKeys(path: string): PublicKeys {
  const text = readFileSync(path, 'utf8')
  try {
    const { publicKey, agreementKey } = PublicKeysJson.parse(JSON.parse(text))
    return {
      publicKey: fromHex(publicKey) ?? new Uint8Array(0),
      agreementKey: fromHex(agreementKey) ?? new Uint8Array(0),
    }
  } catch {
    throw new OperatorError(`${path} does not hold public keys as keygen prints them.`)
  }
}

/**
 * The error of a directory that could not be made. It omits the log's advice to restart the replica, which does not
 * exist yet.
 */
export const whyNotMade = (error: unknown): unknown =>
  error instanceof LogFailed ? (operatorErrorOf(error.cause) ?? error) : error

function keyPath(directory: string, owner: KeyOwner): string {
  if (owner.kind === 'replica') return replicaKey(directory, owner.id)
  expectClientName(owner.name)
  return clientKey(directory, owner.name)
}

/** Makes a replica's folder completely or not at all. */
async function writeWhole(directory: string, id: number, keys: SecretKeys): Promise<void> {
  const staging = stage(directory)
  try {
    await writeReplica(staging.directory, id, keys)
    readKeyFile(replicaKey(staging.directory, id))
    staging.commit(basename(replicaDirectory(directory, id)))
  } catch (error) {
    staging.undo()
    throw whyNotMade(error)
  }
}

function shown(keys: SecretKeys, suite: SuiteName): object {
  const { publicKey, agreementKey } = publicKeysOf(keys, suiteNamed(suite))
  return { publicKey: toHex(publicKey), agreementKey: toHex(agreementKey) }
}
