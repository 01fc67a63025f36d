/** The beginning of a program's use of the store: a cluster's files or a gateway's address in, a store out. */
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { GatewayTransport } from './gateway-transport.ts'
import { ReplicaTransport } from './replica-transport.ts'
import { Store } from './store.ts'

/** A gateway, by its address. */
export interface GatewayTarget {
  readonly url: string | URL
  /** Headers of every request, for example `authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Certificates for https, in PEM: of the authority, and of this client. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

/** A cluster, by its directory and the name of a client's key in it: `clients/NAME.key`. */
export interface DirectoryTarget {
  readonly directory: string
  readonly client: string
}

/** A cluster, by its file and a client's key file. */
export interface FileTarget {
  readonly clusterFile: string
  readonly keyFile: string
}

export type ConnectTarget = string | URL | GatewayTarget | DirectoryTarget | FileTarget

export interface ConnectOptions {
  /** The longest wait for the answer to one try, in milliseconds. */
  readonly timeoutMs?: number
  /** The number of tries of what may be repeated safely. */
  readonly tries?: number
  /** True to give every write an idempotency key of its own, so that one without an answer may be sent again. */
  readonly retryWrites?: boolean
}

const TIMEOUT_MS = 10_000
const TRIES = 3

/**
 * Connects to a store: through the gateway of a URL, or straight to the replicas with a cluster's files. Straight, the
 * library itself checks that f + 1 replicas gave each answer alike; through a gateway, the gateway does.
 */
export async function connect(target: ConnectTarget, options: ConnectOptions = {}): Promise<Store> {
  const { timeoutMs = TIMEOUT_MS, tries = TRIES, retryWrites = false } = options
  if (!(timeoutMs > 0))
    throw new OperatorError(`timeoutMs is a number of milliseconds, and not ${timeoutMs}.`)
  if (!(tries >= 1)) throw new OperatorError(`tries is a number from 1 on, and not ${tries}.`)
  return new Store(await transportTo(target, timeoutMs), { tries, retryWrites })
}

async function transportTo(target: ConnectTarget, timeoutMs: number) {
  if (typeof target === 'string' || target instanceof URL) {
    return new GatewayTransport({ url: addressOf(target), timeoutMs })
  }
  if ('url' in target) {
    const { url, headers, tls } = target
    return new GatewayTransport({ url: addressOf(url), timeoutMs, ...given({ headers, tls }) })
  }
  if ('directory' in target) {
    return await ReplicaTransport.open({ directory: target.directory, name: target.client, timeoutMs })
  }
  const { clusterFile, keyFile } = target
  return await ReplicaTransport.open({ clusterFile, keyFile, timeoutMs })
}

function addressOf(url: string | URL): URL {
  const address = URL.canParse(`${url}`) ? new URL(`${url}`) : null
  if (address !== null && /^https?:$/.test(address.protocol)) return address
  throw new OperatorError(
    `"${url}" is not the address of a gateway, such as http://localhost:8080; a cluster is { directory, client }.`,
  )
}
