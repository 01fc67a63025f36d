/** Addresses of replicas as text. What `formatAddress` writes, `parseAddress` reads back as the same address. */
import { isIPv4, isIPv6 } from 'node:net'
import type { Address } from '../messages/cluster.ts'

const HOST_CHARACTERS_MAX = 253
/** Underscores are in no host name of the DNS, but in names that container networks give. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i

/**
 * Reads a host: a DNS name, an IPv4 address, or an IPv6 address with or without brackets. Returns it as an `Address`
 * holds it, or null for anything else, such as a host with a port, with blanks, or with a zone that only one machine knows.
 */
export function parseHost(text: string): string | null {
  const bare = /^\[(.*)\]$/.exec(text)?.[1]
  if (bare !== undefined) return isIPv6Host(bare) ? bare : null
  return isIPv4(text) || isIPv6Host(text) || isName(text) ? text : null
}

const isIPv6Host = (text: string): boolean => isIPv6(text) && !text.includes('%')

/** A last label of digits would be read as a part of an IPv4 address by some and as a name by others. */
function isName(text: string): boolean {
  const labels = text.split('.')
  const last = labels.at(-1) ?? ''
  return (
    text.length <= HOST_CHARACTERS_MAX && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(last)
  )
}

/** Reads host:port, or [IPv6]:port; null when it is neither. */
export function parseAddress(text: string): Address | null {
  const match = /^(.*):(\d{1,5})$/.exec(text)
  const written = match?.[1] ?? ''
  const host = parseHost(written)
  const port = Number(match?.[2])
  // Without brackets the last part of an IPv6 address would be taken for the port.
  const isBare = written.includes(':') && !written.startsWith('[')
  return host === null || isBare || !(port >= 1 && port <= 65_535) ? null : { host, port }
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
