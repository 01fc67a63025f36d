/**
 * TLS on the connections of a port. The protocols that it offers are HTTP/1.1 before HTTP/2: a browser and curl, which
 * know both, get HTTP/1.1, and clients of gRPC, which ask for HTTP/2 alone, get it.
 */
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { given } from '../../src/base/given.ts'
import { type CertificateFiles, type CertificatePaths, readCertificateFiles } from './certificate-files.ts'
import { watchFiles } from './watched-files.ts'

const PROTOCOLS = ['http/1.1', 'h2']

/** The connections that carry those of TLS. */
const CARRIERS = new WeakMap<Socket, Socket>()

/** The connection that carries another one; of a connection without TLS, itself. */
export const carrierOf = (socket: Socket): Socket => CARRIERS.get(socket) ?? socket

export interface EncryptionOptions {
  readonly paths: CertificatePaths
  /** The milliseconds in which a handshake must be over. */
  readonly handshakeMs: number
  /** Told of new files that were taken, or could not be. */
  readonly onRenewal: (message: string) => void
}

/** The TLS of a port. Its certificate is renewed when its files change; connections that there are stay. */
export class Encryption {
  readonly #server: Server
  readonly #paths: CertificatePaths
  #files: CertificateFiles
  readonly #onRenewal: (message: string) => void
  readonly #stopWatching: () => void
  /** Connections during their handshakes, by where they come from. */
  readonly #handshakes = new Map<string, { readonly carrier: Socket; ready(socket: TLSSocket): void }>()

  constructor({ paths, handshakeMs, onRenewal }: EncryptionOptions) {
    this.#paths = paths
    this.#onRenewal = onRenewal
    this.#files = readCertificateFiles(paths)
    this.#server = createServer(
      {
        ...contextOf(this.#files),
        ALPNProtocols: PROTOCOLS,
        handshakeTimeout: handshakeMs,
        ...asking(paths),
      },
      (socket) => this.#secured(socket),
    )
    // Whoever speaks no TLS, or breaks the handshake off, is gone.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
    const files = [paths.certificate, paths.key, paths.clientAuthority].filter((path) => path !== undefined)
    this.#stopWatching = watchFiles(files, () => this.#renew())
  }

  /** The gateway's certificate. */
  get certificate(): CertificateFiles['own'] {
    return this.#files.own
  }

  /** Begins TLS on a connection; `ready` is called with the encrypted one when the handshake is over. */
  take(carrier: Socket, ready: (socket: TLSSocket) => void): void {
    const place = placeOf(carrier)
    this.#handshakes.set(place, { carrier, ready })
    carrier.once('close', () => this.#handshakes.delete(place))
    carrier.on('error', () => {})
    this.#server.emit('connection', carrier)
  }

  close(): void {
    this.#stopWatching()
    for (const { carrier } of this.#handshakes.values()) carrier.destroy()
  }

  #secured(socket: TLSSocket): void {
    socket.on('error', () => {})
    const place = placeOf(socket)
    const handshake = this.#handshakes.get(place)
    // The peer is gone already.
    if (handshake === undefined) return void socket.destroy()
    this.#handshakes.delete(place)
    CARRIERS.set(socket, handshake.carrier)
    handshake.ready(socket)
  }

  /** Takes the files as they are now; keeps those that it has where the new ones do not fit together, or not yet. */
  #renew(): void {
    try {
      this.#files = readCertificateFiles(this.#paths)
      this.#server.setSecureContext(contextOf(this.#files))
      this.#onRenewal(`The certificate was renewed; it is valid until ${this.#files.own.validTo}.`)
    } catch (error) {
      this.#onRenewal(`The gateway keeps the certificate it has: ${(error as Error).message}`)
    }
  }
}

const contextOf = ({ cert, key, ca }: CertificateFiles) => ({
  cert,
  key,
  minVersion: 'TLSv1.2' as const,
  ...given({ ca }),
})

/** A client without a certificate is let in: its token may do. */
const asking = ({ clientAuthority }: CertificatePaths) =>
  clientAuthority === undefined ? {} : { requestCert: true, rejectUnauthorized: false }

const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
