/**
 * Keeps a web page of another site from using the gateway through its visitor's browser: the Host is checked against a
 * list (a page that points its own name at the gateway does not pass), and requests of sites that are not allowed are
 * refused.
 */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { Problem } from './problem.ts'

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

export interface BrowserGuardOptions {
  /** Further names under which the gateway may be asked. */
  readonly hostNames: readonly string[]
  /** Sites whose pages may ask, each as a browser names it, such as https://app.example. */
  readonly origins: readonly string[]
  /** The names in this certificate are the gateway's too; null without TLS. */
  readonly certificate: () => X509Certificate | null
}

/** The facts of a call by which a page of another site is recognized. */
export interface AskedBy {
  readonly host: string
  readonly origin: string | undefined
  /** The header Sec-Fetch-Site. */
  readonly site: string | undefined
}

export class BrowserGuard {
  readonly #names: ReadonlySet<string>
  readonly #origins: ReadonlySet<string>
  readonly #certificate: BrowserGuardOptions['certificate']

  constructor({ hostNames, origins, certificate }: BrowserGuardOptions) {
    this.#names = new Set([...LOOPBACK_NAMES, ...hostNames.map(headerName)])
    this.#origins = new Set(origins)
    this.#certificate = certificate
  }

  /** Throws the problem of a call that is refused. */
  check({ host, origin, site }: AskedBy): void {
    const certificate = this.#certificate()
    const name = hostName(host)
    if (!this.#names.has(name) && !(certificate !== null && isNamedIn(certificate, name))) {
      throw new Problem('denied', `this gateway is not known as "${name}": --host-names adds a name`)
    }
    if (origin !== undefined && this.#origins.has(origin)) return
    const isSame = site === undefined || site === 'same-origin' || site === 'none'
    const own = `${certificate === null ? 'http' : 'https'}://${host}`
    if (!isSame || (origin !== undefined && origin !== own)) {
      throw new Problem('denied', 'requests from other sites are refused')
    }
  }
}

function isNamedIn(certificate: X509Certificate, name: string): boolean {
  const bare = name.replace(/^\[|\]$/g, '')
  return (isIP(bare) === 0 ? certificate.checkHost(bare) : certificate.checkIP(bare)) !== undefined
}

/** A name as a Host header has it. */
const headerName = (name: string): string => (isIP(name) === 6 ? `[${name}]` : name).toLowerCase()

/** A Host header without its port. */
function hostName(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}
