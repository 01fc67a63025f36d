/**
 * Reads the bodies of requests. Announced lengths are ignored: received bytes are held in a growing buffer, every byte
 * of which admission control counts. It may abort the reading to make room for others.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Admission } from './admission.ts'
import { Problem } from './problem.ts'

/** The initial size of a body's buffer, which is doubled when it is full. */
const FIRST_BYTES = 4 * 1024
const NO_BYTES = Buffer.alloc(0)

export function readBodies(server: FastifyInstance, admission: Admission): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (request, payload, done) => {
    new BodyReader({ request, payload, admission, done }).start()
  })
}

interface BodyReaderParts {
  readonly request: FastifyRequest
  readonly payload: IncomingMessage
  readonly admission: Admission
  readonly done: (error: Error | null, body?: Uint8Array) => void
}

class BodyReader {
  readonly #parts: BodyReaderParts
  readonly #bytesMax: number
  #buffer = NO_BYTES
  #length = 0
  #isOver = false

  constructor(parts: BodyReaderParts) {
    this.#parts = parts
    this.#bytesMax = parts.request.routeOptions.bodyLimit ?? 0
  }

  start(): void {
    const { request, payload, admission } = this.#parts
    if (Number(request.headers['content-length'] ?? 0) > this.#bytesMax) return this.#refuse(this.#tooLarge())
    admission.beginBody(request.raw, () =>
      this.#refuse(new Problem('busy', 'the body arrived too slowly, and its memory is needed for others')),
    )
    payload.on('data', (chunk: Buffer) => this.#take(chunk))
    payload.once('end', () => this.#end(null))
    payload.once('error', (error) => this.#end(Object.assign(error, { statusCode: 400 })))
    payload.resume()
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return
    const length = this.#length + chunk.length
    if (length > this.#bytesMax) return this.#refuse(this.#tooLarge())
    if (length > this.#buffer.length && !this.#grow(length)) {
      return this.#refuse(new Problem('busy', 'too many bytes are waiting for an answer'))
    }
    // The reservation may have evicted a body: always another one, never this one.
    chunk.copy(this.#buffer, this.#length)
    this.#length = length
  }

  #grow(needed: number): boolean {
    const { request, admission } = this.#parts
    const bytes = Math.min(this.#bytesMax, Math.max(needed, FIRST_BYTES, 2 * this.#buffer.length))
    if (!admission.hold(request.raw, bytes - this.#buffer.length)) return false
    const grown = Buffer.allocUnsafeSlow(bytes)
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
    return true
  }

  #tooLarge(): Problem {
    return new Problem(
      'too-large',
      `a body has at most ${this.#bytesMax.toLocaleString('en')} bytes on this route`,
    )
  }

  #refuse(problem: Problem): void {
    this.#end(problem)
    this.#buffer = NO_BYTES
    this.#parts.payload.resume()
  }

  #end(error: Error | null): void {
    if (this.#isOver) return
    this.#isOver = true
    const { request, admission, done } = this.#parts
    admission.endBody(request.raw)
    if (error === null) done(null, this.#buffer.subarray(0, this.#length))
    else done(error)
  }
}
