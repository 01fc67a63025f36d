/**
 * A hostile client in its own process, so that the cost of the attack does not slow the load; and the parent's side of
 * it.
 */
import { join } from 'node:path'
import { type Child, killChild, startChild } from '../../../replicas/child-process.ts'
import type { AnswerKind } from '../../language/client-behaviour.ts'
import { waitUntil } from '../deadlines.ts'
import type { HostileProcessClient } from './hostile-process-client.ts'

/**
 * An order from its parent. `end` asks for its findings; `reader` is a correct client with which it may check them.
 */
type Order = { readonly order: 'on' | 'off' } | { readonly order: 'end'; readonly reader: string }

/** A message to its parent: periodically, after each order, and with `seen` at the end. */
interface News {
  readonly acts: number
  readonly told: Readonly<Partial<Record<AnswerKind, number>>>
  readonly isOn: boolean
  readonly seen: readonly string[] | null
}

const NEWS_MS = 100
/** The maximum time to follow an order, in milliseconds, which includes a reader's wait for its answer. */
const ORDER_MS_MAX = 60_000

export class HostileChild {
  readonly #child: Child
  readonly #signal: AbortSignal
  /** The reason if it ended by itself; null while it runs. */
  #ending: string | null = null
  #news: News = { acts: 0, told: {}, isOn: false, seen: null }

  private constructor(child: Child, signal: AbortSignal) {
    this.#child = child
    this.#signal = signal
    // 'close' is emitted after all its output is read.
    child.process.once('close', (code, signal) => {
      this.#ending = `ended (${signal ?? `exit code ${code}`}): ${child.complaint()}`
    })
    child.process.on('message', (news: Partial<News>) => {
      if (news.acts !== undefined) this.#news = news as News
    })
  }

  /** `args` is its command line after the node binary, `directory` that of the cluster; `signal` ends all waiting. */
  static async start(
    args: readonly string[],
    { directory, signal }: { readonly directory: string; readonly signal: AbortSignal },
  ): Promise<HostileChild> {
    const child = startChild('hostile client', args, join(directory, 'hostile-client.log'))
    const hostile = new HostileChild(child, signal)
    try {
      await child.ready
    } catch (error) {
      await hostile.close()
      throw error
    }
    return hostile
  }

  get acts(): number {
    return this.#news.acts
  }

  /** The answers of correct replicas to it. */
  get told(): ReadonlyMap<AnswerKind, number> {
    return new Map(Object.entries(this.#news.told)) as Map<AnswerKind, number>
  }

  get hasEnded(): boolean {
    return this.#ending !== null
  }

  get pid(): number | undefined {
    return this.#child.process.pid
  }

  /** Resolves when it has followed the order, with errors as sentences. */
  async turn(isOn: boolean): Promise<readonly string[]> {
    this.#send({ order: isOn ? 'on' : 'off' })
    return this.#follows(() => this.#news.isOn === isOn)
  }

  /** Ends it and returns violations as sentences. */
  async end(reader: string): Promise<readonly string[]> {
    this.#send({ order: 'end', reader })
    return [...(await this.#follows(() => this.#news.seen !== null)), ...(this.#news.seen ?? [])]
  }

  /** Kills it. */
  close(): Promise<void> {
    return killChild(this.#child.process)
  }

  #send(order: Order): void {
    if (this.#child.process.connected) this.#child.process.send(order, () => {})
  }

  async #follows(hasFollowed: () => boolean): Promise<readonly string[]> {
    const isOver = (): boolean => this.hasEnded || hasFollowed()
    await waitUntil(isOver, { limitMs: ORDER_MS_MAX, signal: this.#signal })
    return hasFollowed() ? [] : [`the process of the hostile client ${this.#ending ?? 'does not answer'}`]
  }
}

/** In the child: follows the orders of its parent. `acts` counts the acts of the client. */
export function followOrders(client: HostileProcessClient, acts: () => number): void {
  let isOn = false
  let lastCount = 0
  const count = (): number => [...client.told.values()].reduce((sum, each) => sum + each, acts())
  const tell = (seen: readonly string[] | null = null): void => {
    lastCount = count()
    if (!process.connected) return
    process.send?.({ acts: acts(), told: Object.fromEntries(client.told), isOn, seen } satisfies News)
  }
  process.on('message', (order: Order) => {
    if (order.order === 'end') {
      client.end(order.reader).then(tell, (error: Error) => tell([error.message]))
      return
    }
    isOn = order.order === 'on'
    client.turn(isOn)
    tell()
  })
  setInterval(() => {
    if (count() !== lastCount) tell()
  }, NEWS_MS).unref()
}
