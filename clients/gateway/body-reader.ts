/**
 * Reads the bodies of requests. What they announce counts for nothing: the bytes that came are held in a buffer that
 * grows with them, and admission knows of each byte of it, and may end the reading to make room for others.
 */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Admission } from './admission.ts'
import { Problem } from './problem.ts'

/** A body's buffer begins with so many bytes and is doubled when it is full. */
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
      this.#refuse(new Problem('busy', 'the body took long to arrive, and its room is needed')),
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
      return this.#refuse(new Problem('busy', 'too many bytes wait for an answer'))
    }
    // Eviction may have come from within: it is another body that makes room, and never this one.
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
    return new Problem('too-large', `a body has at most ${this.#bytesMax.toLocaleString('en')} bytes here`)
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
