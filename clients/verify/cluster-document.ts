/**
 * The public part of `cluster.json`, read without any package. Only what the cluster id covers is read, and the id is
 * derived again from it. A person who has the right id, from a place that a gateway cannot change, thereby has the right
 * keys.
 */
import { equalBytes, fromHex } from '../../src/base/bytes.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { isClusterSize } from '../../src/base/quorum.ts'
import { type ClusterFacts, clusterClient, deriveClusterId } from '../../src/messages/cluster.ts'
import { PROTOCOL_VERSION } from '../../src/messages/limits.ts'
import { nobleProofCrypto } from './noble.ts'
import type { PublicCluster } from './proof-context.ts'
import { isObject } from './proof-document.ts'

type JsonObject = Readonly<Record<string, unknown>>

const KEY_BYTES = 32
const NO_ADDRESS = { host: '', port: 0 }

/** Reads a cluster file's document. Throws an `OperatorError` if it cannot be used. */
export function readPublicCluster(json: unknown): PublicCluster {
  if (!isObject(json)) return unusable('it is not a JSON object')
  if (json['protocolVersion'] !== PROTOCOL_VERSION) {
    unusable(`it is not of version ${PROTOCOL_VERSION} of the protocol`)
  }
  const facts = factsOf(json)
  if (!isClusterSize(facts.replicas.length)) unusable('it names neither 4, 7, 10 nor 13 replicas')
  const clusterId = bytesOf(json, 'clusterId')
  if (!equalBytes(deriveClusterId(nobleProofCrypto.hash, facts), clusterId)) {
    unusable('its cluster id does not belong to its contents')
  }
  return { ...facts, clusterId }
}

function factsOf(json: JsonObject): ClusterFacts {
  return {
    mode: wordOf(json, 'auth', ['signed', 'oral']),
    requests: json['requests'] === undefined ? 'signed' : wordOf(json, 'requests', ['oral']),
    reads: json['reads'] === undefined ? 'ordered' : wordOf(json, 'reads', ['unordered']),
    votes: json['votes'] === undefined ? 'synced' : wordOf(json, 'votes', ['unsynced']),
    suite: wordOf(json, 'suite', ['sodium', 'noble']),
    nonce: bytesOf(json, 'nonce'),
    replicas: listOf(json, 'replicas').map((replica, id) => ({
      id: id as ReplicaId,
      address: NO_ADDRESS,
      publicKey: bytesOf(replica, 'publicKey'),
      agreementKey: bytesOf(replica, 'agreementKey'),
    })),
    clients: listOf(json, 'clients').map((client) =>
      clusterClient(
        textOf(client, 'name'),
        bytesOf(client, 'publicKey'),
        client['agreementKey'] === undefined ? null : bytesOf(client, 'agreementKey'),
        isAdministrator(client),
      ),
    ),
    storeBytesMax: integerOf(json, 'storeBytesMax'),
    checkpointInterval: integerOf(json, 'checkpointInterval'),
    ...(json['restoredRoot'] === undefined ? {} : { restoredRoot: bytesOf(json, 'restoredRoot') }),
  }
}

function unusable(why: string): never {
  throw new OperatorError(`The cluster file cannot be used: ${why}.`)
}

/** An administrator is marked, and no other client has the field. */
function isAdministrator(client: JsonObject): boolean {
  const mark = client['administrator']
  return mark === undefined ? false : mark === true || unusable('its "administrator" is not true')
}

function textOf(json: JsonObject, name: string): string {
  const text = json[name]
  return typeof text === 'string' ? text : unusable(`its "${name}" is not a text`)
}

function wordOf<const W extends string>(json: JsonObject, name: string, words: readonly W[]): W {
  const word = words.find((each) => each === json[name])
  return word ?? unusable(`its "${name}" is none of ${words.join(', ')}`)
}

function integerOf(json: JsonObject, name: string): number {
  const number = json[name]
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number
  return unusable(`its "${name}" is not a whole number`)
}

function bytesOf(json: JsonObject, name: string): Uint8Array {
  const bytes = fromHex(textOf(json, name))
  return bytes?.length === KEY_BYTES
    ? bytes
    : unusable(`its "${name}" is not ${KEY_BYTES} bytes in hexadecimal`)
}

function listOf(json: JsonObject, name: string): readonly JsonObject[] {
  const list = json[name]
  if (Array.isArray(list) && list.every(isObject)) return list
  return unusable(`its "${name}" is not a list of objects`)
}
