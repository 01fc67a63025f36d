/** The commands access: an administrator's changes of principals and rights, straight to the replicas. */
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import { administratorsOf } from '../../src/messages/cluster.ts'
import { keyName } from '../api/key-name.ts'
import type { Access, AccessPrincipal, AccessRight, AccessState, Permission } from '../library/access.ts'
import { connect } from '../library/connect.ts'
import type { Range } from '../library/key-selection.ts'
import { StoreError } from '../library/store-errors.ts'
import { keyOf } from './key-argument.ts'
import { tableText } from './table.ts'

export interface AccessFlags {
  readonly dir: string
  /** The name of the administrator's key. */
  readonly client: string
}

export interface ListFlags extends AccessFlags {
  readonly json?: true
}

export interface AddFlags extends AccessFlags {
  readonly key?: string
  readonly administrator?: true
}

export interface RightFlags extends AccessFlags {
  readonly prefix?: string
  readonly from?: string
  readonly to?: string
  readonly all?: true
  readonly actFor?: string
  readonly name?: true
}

export type PermissionWord = 'read' | 'write' | 'readwrite'

/** The codes of errors that say what is wrong with the command itself, or that it is not permitted. */
const REFUSALS: ReadonlySet<string> = new Set(['denied', 'bad-request', 'bad-key'])
const KEY_BYTES = 32

/** Has every operation judged, or none. */
export const switchAccess = (on: boolean, flags: AccessFlags): Promise<void> =>
  withAccess(flags, async (access) => {
    await access.switch(on)
    console.log(on ? 'Every operation is judged now.' : 'No operation is judged any more.')
  })

/** Makes a principal of a client of the cluster file, or of a public key. */
export const addPrincipal = (name: string, flags: AddFlags): Promise<void> =>
  withAccess(flags, async (access) => {
    const key = flags.key === undefined ? keyOfClient(name, flags) : keyOfText(flags.key)
    await access.set(key, name, { administrator: flags.administrator === true })
    console.log(`"${name}" is a principal: ${toHex(key)}.`)
  })

export const removePrincipal = (name: string, flags: AccessFlags): Promise<void> =>
  withAccess(flags, async (access) => {
    await access.remove(named(await access.state(), name).key)
    console.log(`"${name}" is no principal any more, and has no rights.`)
  })

/** Grants or revokes a right to keys, or to act for another principal. */
export const changeRight = (
  isGrant: boolean,
  name: string,
  word: PermissionWord | undefined,
  flags: RightFlags,
): Promise<void> =>
  withAccess(flags, async (access) => {
    const state = await access.state()
    const { key } = named(state, name)
    if (flags.actFor !== undefined) {
      if (word !== undefined)
        throw new OperatorError('--act-for takes no permission: it is a right of its own.')
      await access.letActFor(key, named(state, flags.actFor).key, isGrant)
      return console.log(`"${name}" ${isGrant ? 'may' : 'may no longer'} act for "${flags.actFor}".`)
    }
    if (word === undefined) throw new OperatorError('Say which right: read, write or readwrite.')
    const permissions: readonly Permission[] = word === 'readwrite' ? ['read', 'write'] : [word]
    const range = rangeOf(flags)
    await (isGrant ? access.grant(key, permissions, range) : access.revoke(key, permissions, range))
    const after = named(await access.state(), name)
    console.log(`"${name}" may now: ${rightsText(after)}.`)
  })

export const listPrincipals = (flags: ListFlags): Promise<void> =>
  withAccess(flags, async (access) => {
    const state = await access.state()
    console.log(flags.json ? JSON.stringify(documentOf(state), null, 2) : stateText(state))
  })

/** Runs a command with an administrator's key. A refusal is one sentence and exit code 1. */
async function withAccess(flags: AccessFlags, command: (access: Access) => Promise<void>): Promise<void> {
  const cluster = readClusterFile(clusterFile(flags.dir), suiteNamed)
  if (administratorsOf(cluster).length === 0) {
    throw new OperatorError(
      `${clusterFile(flags.dir)} names no administrator, so this cluster has no principals: make one with "strategos init --administrators NAME".`,
    )
  }
  const store = await connect({ directory: flags.dir, client: flags.client })
  try {
    await command(store.access)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (!REFUSALS.has(error.code)) throw new OperatorError(`The replicas did not answer: ${error.message}.`)
    const hint =
      error.code === 'denied'
        ? `; "${flags.client}" may not be an administrator: --client names another key`
        : ''
    console.error(`Refused: ${error.message}${hint}.`)
    process.exitCode = 1
  } finally {
    await store.close()
  }
}

function keyOfClient(name: string, { dir }: AccessFlags): Uint8Array {
  const client = readClusterFile(clusterFile(dir), suiteNamed).clients.find((each) => each.name === name)
  if (client !== undefined) return client.publicKey
  throw new OperatorError(
    `The cluster file has no client "${name}"; for a principal of another key: --key HEX.`,
  )
}

function keyOfText(text: string): Uint8Array {
  const key = fromHex(text.toLowerCase())
  if (key?.length === KEY_BYTES) return key
  throw new OperatorError(`--key: "${text}" is no public key: 64 hexadecimal digits.`)
}

/** The principal with a name, or with a public key in hexadecimal digits. */
function named({ principals }: AccessState, name: string): AccessPrincipal {
  const found = principals.find((each) => each.name === name || toHex(each.key) === name.toLowerCase())
  if (found !== undefined) return found
  throw new OperatorError(`There is no principal "${name}"; "strategos access list" shows them.`)
}

function rangeOf(flags: RightFlags): Range {
  const { prefix, from, to, all } = flags
  const count = [prefix !== undefined, from !== undefined || to !== undefined, all === true].filter(
    Boolean,
  ).length
  if (count !== 1) throw new OperatorError('Say which keys: --prefix P, --from A and --to B, or --all.')
  if (prefix !== undefined) return { prefix: keyOf(prefix, flags) }
  if (all === true) return { prefix: '' }
  return {
    ...(from === undefined ? {} : { start: keyOf(from, flags) }),
    ...(to === undefined ? {} : { end: keyOf(to, flags) }),
  }
}

function stateText(state: AccessState): string {
  const names = new Map(state.principals.map(({ key, name }) => [toHex(key), name]))
  const rows = state.principals.map((each) => [
    each.name,
    toHex(each.key).slice(0, 16),
    rightsText(each),
    each.actsFor.map((key) => names.get(toHex(key)) ?? toHex(key)).join(', '),
  ])
  const head = state.on ? 'Every operation is judged.' : 'No operation is judged: access is off.'
  return `${head}\n\n${tableText([['name', 'key', 'may', 'acts for'], ...rows], { words: new Set([0, 1, 2, 3]) })}`
}

function rightsText({ administrator, rights }: AccessPrincipal): string {
  if (administrator) return 'everything'
  return rights.length === 0 ? 'nothing' : rights.map(rightText).join('; ')
}

function rightText({ permissions, from, to }: AccessRight): string {
  const isFirst = from.length === 1 && from[0] === 0
  const keys =
    isFirst && to === null ? 'all keys' : `from ${keyName(from)} ${to === null ? 'on' : `to ${keyName(to)}`}`
  return `${permissions.join(' and ')} ${keys}`
}

const documentOf = ({ on, principals }: AccessState) => ({
  on,
  principals: principals.map(({ key, name, administrator, rights, actsFor }) => ({
    name,
    key: toHex(key),
    administrator,
    rights: rights.map(({ permissions, from, to }) => ({
      permissions,
      from: keyName(from),
      to: to === null ? null : keyName(to),
    })),
    actsFor: actsFor.map(toHex),
  })),
})
