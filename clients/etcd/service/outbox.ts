/** A queue of messages from several writers to one reader. A writer waits until the reader has taken its message. */

interface Waiting<M> {
  readonly message: M
  readonly taken: () => void
}

export class Outbox<M> {
  #waiting: Waiting<M>[] = []
  #wake: (() => void) | null = null
  #isClosed = false

  /** Resolves when the message is taken, or dropped. */
  push(message: M): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    return new Promise((taken) => {
      this.#waiting.push({ message, taken })
      this.#wake?.()
    })
  }

  /** Ends the reading, and drops waiting messages. */
  close(): void {
    this.#isClosed = true
    for (const { taken } of this.#waiting.splice(0)) taken()
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<M, void, undefined> {
    while (!this.#isClosed) {
      const next = this.#waiting.shift()
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = null
      } else {
        yield next.message
        next.taken()
      }
    }
  }
}
