/** Counts of the calls of gRPC by method and outcome, and of the bytes of their connections. */
import type { Socket } from 'node:net'

/** The names of the codes, in their order, as metrics of gRPC write them. */
const CODE_NAMES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const

export interface CallCount {
  readonly path: string
  /** The name of a code; null for all calls that have begun. */
  readonly code: string | null
  readonly count: number
}

export class CallCounts {
  readonly #started = new Map<string, number>()
  readonly #handled = new Map<string, Map<string, number>>()
  readonly #sockets = new Set<Socket>()
  #received = 0
  #sent = 0

  /** A call of a method begins. Returns a function for the code with which it ends. */
  start(path: string): (code: number) => void {
    this.#started.set(path, (this.#started.get(path) ?? 0) + 1)
    return (code) => {
      const name = CODE_NAMES[code] ?? 'Unknown'
      const counts = this.#handled.get(path) ?? new Map<string, number>()
      this.#handled.set(path, counts.set(name, (counts.get(name) ?? 0) + 1))
    }
  }

  countBytesOf(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#received += socket.bytesRead
      this.#sent += socket.bytesWritten
    })
  }

  get started(): readonly CallCount[] {
    return [...this.#started].map(([path, count]) => ({ path, code: null, count }))
  }

  get handled(): readonly CallCount[] {
    return [...this.#handled].flatMap(([path, counts]) =>
      [...counts].map(([code, count]) => ({ path, code, count })),
    )
  }

  get receivedBytes(): number {
    return [...this.#sockets].reduce((sum, { bytesRead }) => sum + bytesRead, this.#received)
  }

  get sentBytes(): number {
    return [...this.#sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, this.#sent)
  }
}
