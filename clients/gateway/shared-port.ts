/**
 * HTTP/1.1 and HTTP/2 on one port, in clear text or in TLS. A client of HTTP/2 begins with a fixed preface (RFC 9113, 3.4); the
 * first byte that is another one makes it HTTP/1.1. Until one of both is clear, a connection holds as many bytes as the
 * preface has, and for a limited time.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Encryption } from './encryption.ts'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export interface SharedPortOptions {
  /** Takes a connection that speaks HTTP/2, from its first byte on. */
  readonly onHttp2: (socket: Socket) => void
  /** The time within which a connection must show its protocol, in milliseconds. */
  readonly timeoutMs: number
  /** The TLS that every connection begins with; null: none. */
  readonly encryption: Encryption | null
}

/** Has a server of HTTP/1.1 share its port. Returns a function that ends the connections which are still undecided. */
export function sharePort(server: Server, { onHttp2, timeoutMs, encryption }: SharedPortOptions): () => void {
  const http1 = server.listeners('connection')
  server.removeAllListeners('connection')
  const undecided = new Set<Socket>()
  const take = (socket: Socket): void => {
    undecided.add(socket)
    detect(socket, timeoutMs, (protocol) => {
      undecided.delete(socket)
      if (protocol === 'http2') onHttp2(socket)
      else if (protocol === 'http1') for (const listener of http1) listener.call(server, socket)
      else server.emit('clientError', protocol, socket)
    })
  }
  server.on('connection', (socket: Socket) => {
    if (encryption === null) take(socket)
    else encryption.take(socket, take)
  })
  return () => {
    for (const socket of undecided) socket.destroy()
  }
}

/** The protocol of a connection, or the error if it speaks neither. */
type Protocol = 'http1' | 'http2' | Error

/** Decides once, unless the connection ends first. All its bytes can still be read afterwards. */
function detect(socket: Socket, timeoutMs: number, decided: (protocol: Protocol) => void): void {
  let seen: Buffer = Buffer.alloc(0)
  const end = (protocol: Protocol | null): void => {
    clearTimeout(timer)
    socket.off('readable', look)
    socket.off('end', giveUp)
    socket.off('close', forget)
    if (protocol === null) return
    if (seen.length > 0 && typeof protocol === 'string') socket.unshift(seen)
    decided(protocol)
  }
  const look = (): void => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk])
    const length = Math.min(seen.length, PREFACE.length)
    if (PREFACE.compare(seen, 0, length, 0, length) !== 0) end('http1')
    else if (seen.length >= PREFACE.length) end('http2')
  }
  const giveUp = (): void => end(parserError('HPE_INVALID_EOF_STATE'))
  const forget = (): void => end(null)
  const timer = setTimeout(() => end(parserError('ERR_HTTP_REQUEST_TIMEOUT')), timeoutMs)
  socket.on('readable', look)
  socket.once('end', giveUp)
  socket.once('close', forget)
  // An error ends the connection; 'close' reports it.
  socket.on('error', () => {})
}

/** The error that the HTTP/1.1 server raises for bytes that are not a request, so that the answer is the same. */
const parserError = (code: string): Error =>
  Object.assign(new Error('the connection speaks neither HTTP/1.1 nor HTTP/2'), { code })
