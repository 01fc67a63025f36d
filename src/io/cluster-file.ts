/** cluster.json: what everybody may know of a cluster. DESIGN: command line, "a cluster directory". */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { equalBytes, fromHex, toHex } from '../base/bytes.ts'
import { given } from '../base/given.ts'
import { toReplicaId } from '../base/ids.ts'
import { OperatorError } from '../base/operator-error.ts'
import { isClusterSize } from '../base/quorum.ts'
import {
  AUTHENTICATION_MODES,
  type Cluster,
  type ClusterFacts,
  clusterClient,
  deriveClusterId,
  hasUnorderedReads,
  hasUnsyncedVotes,
} from '../messages/cluster.ts'
import {
  CHECKPOINT_INTERVAL,
  CHECKPOINT_INTERVAL_MIN,
  LIMITS_IN_CLUSTER_ID,
  PROTOCOL_VERSION,
} from '../messages/limits.ts'
import type { CryptoSuite } from '../ports.ts'
import { formatAddress, parseAddress } from './address.ts'
import { reasonOf } from './system-error.ts'

/** A cluster file that cannot be used; the message says which file and why. */
export class ClusterFileError extends OperatorError {
  override readonly name = 'ClusterFileError'
}

const hexBytes = (size: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${size * 2}}$`), `${size} bytes in lowercase hexadecimal`)

const ClusterJson = z.strictObject({
  protocolVersion: z.literal(PROTOCOL_VERSION),
  clusterId: hexBytes(32),
  nonce: hexBytes(32),
  auth: z.enum(AUTHENTICATION_MODES),
  /** Only in oral mode, where clients do not sign either. */
  requests: z.literal('oral').optional(),
  /** Not there where reads are ordered as any other request. */
  reads: z.literal('unordered').optional(),
  /** Not there where every vote waits for the disk; only in signed mode. */
  votes: z.literal('unsynced').optional(),
  suite: z.enum(['sodium', 'noble']),
  n: z.int(),
  storeBytesMax: z.int().min(0),
  checkpointInterval: z.int().min(CHECKPOINT_INTERVAL_MIN).max(CHECKPOINT_INTERVAL),
  /** Only of a cluster that began from a snapshot. */
  restoredRoot: hexBytes(32).optional(),
  limits: z.array(z.int()),
  replicas: z.array(
    z.strictObject({
      id: z.int(),
      address: z.string(),
      publicKey: hexBytes(32),
      agreementKey: hexBytes(32),
    }),
  ),
  clients: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(64),
        publicKey: hexBytes(32),
        /** In oral mode only. */
        agreementKey: hexBytes(32).optional(),
        /** Not there for a client that is no administrator. */
        administrator: z.literal(true).optional(),
      }),
    )
    .max(1024),
})

/**
 * Reads and checks a cluster file: its form, its keys (canonical, on the curve, not of small order; each owner's own), its
 * id. Agreement keys are of use in oral mode only and checked there.
 */
export function readClusterFile(path: string, suiteNamed: (name: Cluster['suite']) => CryptoSuite): Cluster {
  const fail = (why: string): never => {
    throw new ClusterFileError(`The cluster file ${path} cannot be used: ${why}.`)
  }
  const json = parseJson(path, fail)
  const version = versionOf(json)
  if (version !== null && version !== PROTOCOL_VERSION) {
    fail(
      `it is of version ${version} of the protocol, and this program speaks version ${PROTOCOL_VERSION}. ` +
        'Run it with the program that made it, or make a new directory with "strategos init"',
    )
  }
  const parsed = ClusterJson.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return fail(`at "${issue?.path.join('.') || 'top level'}": ${issue?.message ?? 'unknown form'}`)
  }
  const { data } = parsed
  if (!isClusterSize(data.replicas.length) || data.n !== data.replicas.length) {
    fail(`it names ${data.replicas.length} replicas and n = ${data.n}, not one of 4, 7, 10 or 13`)
  }
  if (data.limits.join() !== LIMITS_IN_CLUSTER_ID.join())
    fail('it was made with other limits than this version has')

  if (data.requests === 'oral' && data.auth === 'signed') fail('it has requests "oral" without auth "oral"')
  if (data.votes === 'unsynced' && data.auth === 'oral') fail('it has votes "unsynced" without auth "signed"')

  const suite = suiteNamed(data.suite)
  const facts: ClusterFacts = {
    mode: data.auth,
    requests: data.requests ?? 'signed',
    reads: data.reads ?? 'ordered',
    votes: data.votes ?? 'synced',
    suite: data.suite,
    nonce: bytesOf(data.nonce),
    replicas: data.replicas.map((replica, index) => {
      if (replica.id !== index) fail(`replica ${replica.id} stands at place ${index}`)
      return {
        id: toReplicaId(index),
        address: parseAddress(replica.address) ?? fail(`"${replica.address}" is not host:port`),
        publicKey: bytesOf(replica.publicKey),
        agreementKey: bytesOf(replica.agreementKey),
      }
    }),
    clients: data.clients.map(({ name, publicKey, agreementKey, administrator }) => {
      if ((agreementKey !== undefined) !== (data.auth === 'oral')) {
        const fault =
          data.auth === 'oral' ? 'has no agreement key, which' : 'has an agreement key, which only'
        fail(`client "${name}" ${fault} auth "oral" asks for`)
      }
      const agreement = agreementKey === undefined ? null : bytesOf(agreementKey)
      return clusterClient(name, bytesOf(publicKey), agreement, administrator)
    }),
    storeBytesMax: data.storeBytesMax,
    checkpointInterval: data.checkpointInterval,
    ...(data.restoredRoot === undefined ? {} : { restoredRoot: bytesOf(data.restoredRoot) }),
  }
  checkKeys(facts, suite, fail)
  if (facts.mode === 'oral') checkAgreementKeys(facts, suite, fail)
  const clusterId = deriveClusterId(suite.hash, facts)
  if (!equalBytes(clusterId, bytesOf(data.clusterId))) {
    fail('its cluster id does not belong to its contents; somebody edited it or it was damaged')
  }
  return { ...facts, clusterId }
}

/** The version that a cluster file names; null where it names none. */
function versionOf(json: unknown): number | null {
  const version = (json as { readonly protocolVersion?: unknown } | null)?.protocolVersion
  return typeof version === 'number' ? version : null
}

/** Writes a cluster file that does not exist yet; on disk when it returns. */
export function writeClusterFile(path: string, cluster: Cluster): void {
  writeFileSync(path, clusterText(cluster), { flag: 'wx', flush: true })
}

/** Puts another cluster file in the place of one: a crash leaves the old one or the new one. */
export function replaceClusterFile(path: string, cluster: Cluster): void {
  replaceFile(path, clusterText(cluster))
}

/** Puts another text in the place of a file. */
export function replaceFile(path: string, text: string): void {
  const beside = `${path}.new`
  writeFileSync(beside, text, { flush: true })
  renameSync(beside, path)
}

function clusterText(cluster: Cluster): string {
  const json: z.input<typeof ClusterJson> = {
    protocolVersion: PROTOCOL_VERSION,
    clusterId: toHex(cluster.clusterId),
    nonce: toHex(cluster.nonce),
    auth: cluster.mode,
    ...(cluster.requests === 'oral' ? { requests: 'oral' } : {}),
    ...(hasUnorderedReads(cluster) ? { reads: 'unordered' } : {}),
    ...(hasUnsyncedVotes(cluster) ? { votes: 'unsynced' } : {}),
    suite: cluster.suite === 'noble' ? 'noble' : 'sodium',
    n: cluster.replicas.length,
    storeBytesMax: cluster.storeBytesMax,
    checkpointInterval: cluster.checkpointInterval,
    ...given({ restoredRoot: cluster.restoredRoot && toHex(cluster.restoredRoot) }),
    limits: [...LIMITS_IN_CLUSTER_ID],
    replicas: cluster.replicas.map(({ id, address, publicKey, agreementKey }) => ({
      id,
      address: formatAddress(address),
      publicKey: toHex(publicKey),
      agreementKey: toHex(agreementKey),
    })),
    clients: cluster.clients.map(({ name, publicKey, agreementKey, administrator }) => ({
      name,
      publicKey: toHex(publicKey),
      ...given({ agreementKey: agreementKey && toHex(agreementKey) }),
      ...(administrator === true ? { administrator } : {}),
    })),
  }
  return `${JSON.stringify(json, null, 2)}\n`
}

function parseJson(path: string, fail: (why: string) => never): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return fail(reasonOf(error) ?? String(error))
  }
  try {
    return JSON.parse(text)
  } catch {
    return fail('it is not JSON')
  }
}

function checkKeys(facts: ClusterFacts, suite: CryptoSuite, fail: (why: string) => never): void {
  const keys = [
    ...facts.replicas.map(({ id, publicKey }) => ({ owner: `replica ${id}`, publicKey })),
    ...facts.clients.map(({ name, publicKey }) => ({ owner: `client "${name}"`, publicKey })),
  ]
  const owners = new Map<string, string>()
  for (const { owner, publicKey } of keys) {
    const fault = suite.publicKeyFault(publicKey)
    if (fault !== null) fail(`the public key of ${owner} is refused (${fault})`)
    const hex = toHex(publicKey)
    const other = owners.get(hex)
    if (other !== undefined) fail(`${owner} has the public key of ${other}`)
    owners.set(hex, owner)
  }
}

/** A key of small order would make every key that is agreed with it known to all. Any other point of 32 bytes is sound. */
function checkAgreementKeys(facts: ClusterFacts, suite: CryptoSuite, fail: (why: string) => never): void {
  const keys = [
    ...facts.replicas.map(({ id, agreementKey }) => ({ owner: `replica ${id}`, agreementKey })),
    ...facts.clients.map(({ name, agreementKey }) => ({ owner: `client "${name}"`, agreementKey })),
  ]
  const anySecret = new Uint8Array(32).fill(1)
  const owners = new Map<string, string>()
  for (const { owner, agreementKey } of keys) {
    if (agreementKey === null || suite.agree(anySecret, agreementKey) === null) {
      return fail(`the agreement key of ${owner} is refused (small-order)`)
    }
    const hex = toHex(agreementKey)
    const other = owners.get(hex)
    if (other !== undefined) fail(`${owner} has the agreement key of ${other}`)
    owners.set(hex, owner)
  }
}

/** The schema has checked that it is hexadecimal. */
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array(0)
