/** Reads the values of options and arguments. Each reader returns the value, or throws what commander shows beside the option. */
import { InvalidArgumentError } from 'commander'
import { isClusterSize, REPLICAS_MAX } from '../../src/base/quorum.ts'
import { parseAddress, parseHost } from '../../src/io/address.ts'
import type { Address } from '../../src/messages/cluster.ts'

/** Every size that a cluster can have. */
export const CLUSTER_SIZES: readonly number[] = Array.from({ length: REPLICAS_MAX + 1 }, (_, n) => n).filter(
  isClusterSize,
)

const WHOLE_MAX = 999_999_999_999_999

/** Returns a reader of whole numbers between two limits, inclusive. */
export function wholeNumber(least = 0, most: number = WHOLE_MAX): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d{1,15}$/.test(text) && value >= least && value <= most) return value
    const range = most === WHOLE_MAX ? `of at least ${least}` : `from ${least} to ${most}`
    throw new InvalidArgumentError(`Expected a whole number ${range}.`)
  }
}

/** Reads a time in minutes, fractions allowed. */
export function minutes(text: string): number {
  const value = Number(text)
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text) && value > 0) return value
  throw new InvalidArgumentError('Expected a number of minutes above 0, for example 90 or 0.5.')
}

export const port = wholeNumber(0, 65_535)

export function clusterSize(text: string): number {
  const size = Number(text)
  if (/^\d{1,2}$/.test(text) && isClusterSize(size)) return size
  throw new InvalidArgumentError(`Allowed choices are ${CLUSTER_SIZES.join(', ')}.`)
}

/** Reads cluster sizes; returns them in ascending order, each once. */
export function clusterSizes(text: string): readonly number[] {
  const sizes = text.split(',').map(Number)
  if (/^\d+(,\d+)*$/.test(text) && sizes.every(isClusterSize)) {
    return [...new Set(sizes)].sort((a, b) => a - b)
  }
  throw new InvalidArgumentError(`Expected cluster sizes separated by commas, for example 4,7,10,13.`)
}

/** Reads numbers of keys, ascending. */
export function keyCounts(text: string): readonly number[] {
  const counts = text.split(',').map(Number)
  if (/^[1-9]\d{0,7}(,[1-9]\d{0,7})*$/.test(text)) return [...new Set(counts)].sort((a, b) => a - b)
  throw new InvalidArgumentError(
    'Expected numbers of keys separated by commas, for example 1000,100000,1000000.',
  )
}

export function replicaIds(text: string): readonly number[] {
  const ids = text.split(',').map(Number)
  const isList = /^\d{1,2}(,\d{1,2})*$/.test(text) && ids.every((id) => id < REPLICAS_MAX)
  if (isList && new Set(ids).size === ids.length) return ids
  throw new InvalidArgumentError('Expected a comma-separated list of replica ids, for example 0,2.')
}

/** Reads names separated by commas. */
export function replicaAddress(text: string): Address {
  const address = parseAddress(text)
  if (address !== null) return address
  throw new InvalidArgumentError('Expected host:port, for example a.example:7400 or [2001:db8::7]:7400.')
}

export function names(text: string): readonly string[] {
  const found = text.split(',').map((name) => name.trim())
  if (found.every((name) => name !== '')) return found
  throw new InvalidArgumentError('Expected names separated by commas, none of them empty.')
}

/** Reads name=file, separated by commas. */
export function clientKeyFiles(text: string): readonly { readonly name: string; readonly path: string }[] {
  return text.split(',').map((each) => {
    const [, name, path] = /^([^=]+)=(.+)$/.exec(each.trim()) ?? []
    if (name !== undefined && path !== undefined) return { name, path }
    throw new InvalidArgumentError(
      'Expected name=file, separated by commas, for example gateway=gateway.json.',
    )
  })
}

export interface SeedRange {
  readonly from: number
  readonly to: number
}

export function seedRange(text: string): SeedRange {
  const match = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text)
  const from = Number(match?.[1])
  const to = Number(match?.[2])
  if (match !== null && to >= from) return { from, to }
  throw new InvalidArgumentError('Expected a range of seeds, for example 1..2000.')
}

/** Reads a path or a name that is not empty. */
export function nonEmpty(text: string): string {
  if (text !== '' && !text.includes('\0')) return text
  throw new InvalidArgumentError('Expected a value that is not empty.')
}

/** Reads a key or a prefix that is not empty; every key is requested with --all. */
export function keyText(text: string): string {
  if (text !== '') return text
  throw new InvalidArgumentError('Expected a key or a prefix that is not empty; use --all for every key.')
}

/** Reads the base URL of a gateway; returns it without a trailing slash. */
export function gatewayUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url === null || !isHttp) {
    throw new InvalidArgumentError('Expected a URL with its scheme, for example http://127.0.0.1:8080.')
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError(
      'Expected the base URL of a gateway, without a query, a fragment or a user.',
    )
  }
  return url.href.replace(/\/+$/, '')
}

/** An address of this machine, or a name of it. */
export function listenHost(text: string): string {
  const host = parseHost(text.replace(/^\[(.*)\]$/, '$1'))
  if (host !== null) return host
  throw new InvalidArgumentError('Expected a host without a port, for example 127.0.0.1, 0.0.0.0 or ::.')
}

/** Names of hosts and addresses, as a certificate has them. */
export function hostNames(text: string): readonly string[] {
  const found = names(text)
  if (found.every((name) => parseHost(name) !== null)) return found
  throw new InvalidArgumentError(
    'Expected names and addresses of hosts without ports, separated by commas, for example store.example,10.0.0.7.',
  )
}

/** The sites of pages, each as a browser names it. */
export function origins(text: string): readonly string[] {
  const found = names(text)
  for (const each of found) {
    if (!URL.canParse(each) || new URL(each).origin !== each) {
      throw new InvalidArgumentError(
        `Expected sites as a browser names them, for example https://app.example, and not ${each}.`,
      )
    }
  }
  return found
}

/** Reads the id of a lease in hexadecimal digits. */
export function leaseDigits(text: string): string {
  if (/^[0-9a-f]{1,16}$/i.test(text)) return text
  throw new InvalidArgumentError('Expected up to 16 hexadecimal digits.')
}

/** Reads an idempotency key. */
export function idempotencyKey(text: string): string {
  if (/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(text)) return text
  throw new InvalidArgumentError(
    'Expected 1 to 64 visible characters of ASCII, without spaces, quotes and backslashes.',
  )
}
