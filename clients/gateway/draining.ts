/**
 * The end of a gateway without loss: it takes no new connections, reports that it is not ready, and answers the calls that
 * have come. Watches end with their connections, and are taken up again at another gateway.
 */
import { Server as NetServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Admission } from './admission.ts'

/** The reason that `/readyz` gives. */
export const DRAINING = 'draining'

export class Draining {
  #isDraining = false
  #server: FastifyInstance | null = null

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Has the answers of a draining gateway end their connections. */
  watch(server: FastifyInstance): void {
    this.#server = server
    server.addHook('onSend', async (_request, reply) => {
      if (this.#isDraining) reply.header('connection', 'close')
    })
  }

  /** Resolves once no call waits for an answer, at the latest after `withinMs`. */
  async drain(admission: Admission, withinMs: number): Promise<void> {
    this.#isDraining = true
    // The server of HTTP would end its idle connections too, over which a prober asks whether it is ready.
    const server = this.#server?.server
    if (server?.listening) NetServer.prototype.close.call(server)
    let timer: NodeJS.Timeout | null = null
    const bound = new Promise<void>((done) => {
      timer = setTimeout(done, withinMs)
    })
    await Promise.race([admission.idle(), bound]).finally(() => timer !== null && clearTimeout(timer))
  }
}
