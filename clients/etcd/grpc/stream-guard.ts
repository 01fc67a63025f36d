/**
 * Bounds on the streams of HTTP/2 before gRPC's server sees them. A call counts from its first frame until its handler
 * is done, also when its caller has reset it before: what it asked for is still being done.
 *
 * gRPC's server keeps each frame of an unfinished message as an object of its own, however small. So a frame counts for
 * more bytes than it has.
 */
import type {
  Http2Server,
  Http2Session,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2'
import { constants } from 'node:http2'
import type { Socket } from 'node:net'
import { CODES, etcdError } from '../service/errors.ts'
import type { AdmittedCall, CallGate } from './call-gate.ts'
import type { CallStatus } from './stream-calls.ts'

/** Names the call to its handler. Whatever a caller sends under this name is replaced. */
export const CALL_HEADER = 'strategos-call'
/** The bytes that a frame costs beside those that are in it. */
const FRAME_BYTES = 512
const PREFIX_BYTES = 5
/** Milliseconds that a caller has for ending its stream after the answer. */
const LINGER_MS = 500

export interface StreamGuardOptions {
  readonly gate: CallGate
  /** True for the path of a call whose answer has no end. */
  readonly isStream: (path: string) => boolean
  /** Milliseconds until the whole request of a call with one request must be there. */
  readonly requestMs: number
}

/** A call while its handler runs. */
export interface HandledCall {
  /** The handler is done. */
  end(): void
  /** Ends the connection at once, with everything that waits on it. */
  cut(): void
}

type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number) => void

export class StreamGuard {
  readonly #options: StreamGuardOptions
  readonly #sockets = new WeakMap<Http2Session, Socket>()
  readonly #calls = new Map<string, GuardedCall>()
  #lastCall = 0
  /** The connection that is being handed over. */
  #entering: Socket | null = null

  constructor(options: StreamGuardOptions) {
    this.#options = options
  }

  /** Stands before the listeners that a server has for streams. */
  guard(server: Http2Server): void {
    const listeners = server.listeners('stream') as StreamListener[]
    server.removeAllListeners('stream')
    server.on('session', (session: ServerHttp2Session) => {
      if (this.#entering !== null) this.#sockets.set(session, this.#entering)
    })
    server.on('stream', (stream, headers, flags) => {
      const call = this.#admit(stream, headers)
      if (call === null) return
      for (const listener of listeners) listener(stream, { ...headers, [CALL_HEADER]: call }, flags)
    })
  }

  /** Runs what makes a session of a connection, at once. */
  enter(socket: Socket, makeSession: () => void): void {
    this.#entering = socket
    try {
      makeSession()
    } finally {
      this.#entering = null
    }
  }

  /** The handler of a call begins. */
  begin(name: unknown): HandledCall {
    const call = typeof name === 'string' ? this.#calls.get(name) : undefined
    return call === undefined ? { end: () => {}, cut: () => {} } : call.handle()
  }

  /** Returns the name of a call that was admitted; null for one that was refused. */
  #admit(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): string | null {
    // Errors of a stream end it, and 'close' is what matters.
    stream.on('error', () => {})
    endAfterAnswer(stream)
    const { session } = stream
    const socket = session === undefined ? undefined : this.#sockets.get(session)
    if (socket === undefined) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM)
      return null
    }
    if (headers['origin'] !== undefined || headers['sec-fetch-site'] !== undefined) {
      return refuse(stream, { code: CODES['permission-denied'], details: 'etcdserver: permission denied' })
    }
    const admitted = this.#options.gate.admit(socket)
    const isStream = this.#options.isStream(headers[':path'] ?? '')
    if (admitted === null || (isStream && !admitted.beginStream())) {
      admitted?.release()
      return refuse(stream, tooMany())
    }
    const name = `${++this.#lastCall}`
    const requestMs = isStream ? null : this.#options.requestMs
    const call = new GuardedCall(stream, admitted, { requestMs, onOver: () => this.#calls.delete(name) })
    this.#calls.set(name, call)
    return name
  }
}

/** A call between its first frame and the end of both its stream and its handler. */
class GuardedCall {
  readonly #stream: ServerHttp2Stream
  readonly #admitted: AdmittedCall
  readonly #onOver: () => void
  readonly #isUnary: boolean
  readonly #message = new MessageBounds()
  /** Ends the stream. */
  readonly #cut: () => void
  /**
   * Ends the connection with everything that waits on it: Node holds the end of a stream back while its caller sends
   * nothing. etcd's clients connect anew and go on from what they have read.
   */
  readonly #leave: () => void
  #late: NodeJS.Timeout | null = null
  #isClosed = false
  #handlers = 0

  constructor(
    stream: ServerHttp2Stream,
    admitted: AdmittedCall,
    { requestMs, onOver }: { readonly requestMs: number | null; readonly onOver: () => void },
  ) {
    this.#stream = stream
    this.#admitted = admitted
    this.#onOver = onOver
    this.#isUnary = requestMs !== null
    // gRPC's server has the stream by then: an answer beside its own would throw there, so it is only ended.
    this.#cut = () => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    this.#leave = () => stream.session?.destroy()
    admitted.beginBody(this.#cut)
    if (requestMs !== null) {
      this.#late = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), requestMs)
    }
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.once('end', () => this.#arrived())
    stream.once('close', () => {
      this.#isClosed = true
      this.#arrived()
      this.#endIfOver()
    })
  }

  /** A handler of the call begins. */
  handle(): HandledCall {
    this.#arrived()
    this.#handlers++
    return {
      end: () => {
        this.#handlers--
        if (!this.#isClosed) this.#admitted.holdAnswer(this.#stream.writableLength, this.#leave)
        this.#endIfOver()
      },
      cut: this.#leave,
    }
  }

  #take(chunk: Buffer): void {
    if (!this.#admitted.hold(chunk.length + FRAME_BYTES)) return this.#cut()
    // What a stream asked for before is done with. A call with one request keeps it until it is answered.
    if (!this.#isUnary && this.#message.isCompletedBy(chunk)) this.#admitted.free()
  }

  #arrived(): void {
    if (this.#late !== null) clearTimeout(this.#late)
    this.#late = null
    this.#admitted.endBody()
  }

  #endIfOver(): void {
    if (!this.#isClosed || this.#handlers > 0) return
    this.#admitted.release()
    this.#onOver()
  }
}

/** The bounds of messages in a sequence of bytes: each has a prefix of a flag and its length. */
class MessageBounds {
  #prefixSeen = 0
  #length = 0
  #left = 0

  /** True if a message ends within these bytes, which follow those that were seen before. */
  isCompletedBy(bytes: Uint8Array): boolean {
    let isCompleted = false
    for (let at = 0; at < bytes.length; ) {
      if (this.#prefixSeen < PREFIX_BYTES) {
        this.#length = (this.#prefixSeen === 0 ? 0 : this.#length * 256 + (bytes[at] ?? 0)) >>> 0
        at++
        if (++this.#prefixSeen < PREFIX_BYTES) continue
        this.#left = this.#length
      } else {
        const taken = Math.min(this.#left, bytes.length - at)
        this.#left -= taken
        at += taken
      }
      if (this.#left > 0) continue
      this.#prefixSeen = 0
      isCompleted = true
    }
    return isCompleted
  }
}

const tooMany = (): CallStatus => {
  const { code, message } = etcdError('tooManyRequests')
  return { code, details: message }
}

/** Answers a stream with nothing but a status. */
function refuse(stream: ServerHttp2Stream, { code, details }: CallStatus): null {
  if (stream.destroyed || stream.closed) return null
  const headers: OutgoingHttpHeaders = {
    ':status': 200,
    'content-type': 'application/grpc+proto',
    'grpc-status': code,
    'grpc-message': encodeURI(details),
  }
  stream.respond(headers, { endStream: true })
  // What still comes is dropped.
  stream.resume()
  return null
}

/** Ends a stream soon after its answer: a caller who goes on sending is not listened to. */
function endAfterAnswer(stream: ServerHttp2Stream): void {
  stream.once('finish', () => {
    if (stream.closed || stream.readableEnded) return
    // The trailers of the answer may still be on their way.
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS)
    stream.once('close', () => clearTimeout(timer))
  })
}
