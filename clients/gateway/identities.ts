/** The identities of the gateway's callers: by a token, or by a certificate that the authority of clients signed. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Problem } from './problem.ts'
import { entryOf, readTokenFile, type TokenEntry } from './token-file.ts'
import { watchFiles } from './watched-files.ts'

/** A caller that is known. */
export interface Identity {
  readonly name: string
  readonly by: 'token' | 'certificate'
}

export interface IdentitiesOptions {
  /** The file of the tokens; absent: there are none. */
  readonly tokenFile?: string
  /** True if clients' certificates are asked for. */
  readonly hasCertificates: boolean
  /** Told of a changed file of tokens that cannot be read. */
  readonly onTrouble: (message: string) => void
}

/** A call that ends when its caller's token is revoked. */
interface OpenCall {
  readonly sha256: string
  readonly end: () => void
}

export class Identities {
  #tokens: readonly TokenEntry[] = []
  readonly #hasTokens: boolean
  readonly #hasCertificates: boolean
  readonly #open = new Set<OpenCall>()
  readonly #stopWatching: () => void = () => {}

  constructor({ tokenFile, hasCertificates, onTrouble }: IdentitiesOptions) {
    this.#hasTokens = tokenFile !== undefined
    this.#hasCertificates = hasCertificates
    if (tokenFile === undefined) return
    this.#tokens = readTokenFile(tokenFile)
    this.#stopWatching = watchFiles([tokenFile], () => {
      try {
        this.#tokens = readTokenFile(tokenFile)
      } catch (error) {
        // A file that is gone or damaged lets nobody in: a person may have taken it away for that.
        this.#tokens = []
        onTrouble(`No token is valid now: ${(error as Error).message}`)
      }
      this.#endRevoked()
    })
  }

  /** True if callers must be known. */
  get isGuarded(): boolean {
    return this.#hasTokens || this.#hasCertificates
  }

  get hasTokens(): boolean {
    return this.#hasTokens
  }

  /**
   * Returns who asks, or null where nobody needs to be known. Throws a `Problem` for a caller who must be and is not.
   * `end` ends the call when its token is revoked meanwhile, until `release` is called.
   */
  identify(
    token: string | null,
    socket: Socket,
    end: () => void,
  ): { identity: Identity | null; release(): void } {
    const none = { release: () => {} }
    if (!this.isGuarded) return { identity: null, ...none }
    if (token !== null && this.#hasTokens) {
      const entry = entryOf(this.#tokens, token)
      if (entry === null) throw new Problem('unauthenticated', 'the token is not valid here')
      const call = { sha256: entry.sha256, end }
      this.#open.add(call)
      return { identity: { name: entry.name, by: 'token' }, release: () => this.#open.delete(call) }
    }
    const identity = this.#hasCertificates ? certificateIdentity(socket) : null
    if (identity === null) throw new Problem('unauthenticated', this.#wanted())
    return { identity, ...none }
  }

  /** Returns true if a token of this name is this one. */
  isToken(name: string, token: string): boolean {
    return entryOf(this.#tokens, token)?.name === name
  }

  close(): void {
    this.#stopWatching()
  }

  #endRevoked(): void {
    const valid = new Set(this.#tokens.map(({ sha256 }) => sha256))
    for (const { sha256, end } of [...this.#open]) if (!valid.has(sha256)) end()
  }

  #wanted(): string {
    const ways = [
      ...(this.#hasTokens ? ['a token in the header "Authorization: Bearer …"'] : []),
      ...(this.#hasCertificates ? ['a certificate that the authority of its clients signed'] : []),
    ]
    return `this gateway asks for ${ways.join(', or ')}`
  }
}

/** The name in a certificate that was verified; null where there is none. */
function certificateIdentity(socket: Socket): Identity | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null
  const { subject } = socket.getPeerCertificate()
  const name = Array.isArray(subject?.CN) ? subject.CN[0] : subject?.CN
  return name === undefined ? null : { name, by: 'certificate' }
}
