/** A hostile client in a process of its own, so that what it costs to attack is not taken from the load; and its parent's end. */
import { join } from 'node:path'
import { type Child, killChild, startChild } from '../../../replicas/child-process.ts'
import type { AnswerKind } from '../../language/client-behaviour.ts'
import { waitUntil } from '../deadlines.ts'
import type { HostileProcessClient } from './hostile-process-client.ts'

/** An order from its parent. `end` asks what it saw; `reader` is a correct client with which it may look. */
type Order = { readonly order: 'on' | 'off' } | { readonly order: 'end'; readonly reader: string }

/** A message to its parent: now and then, after each order, and with `seen` when it has ended. */
interface News {
  readonly acts: number
  readonly told: Readonly<Partial<Record<AnswerKind, number>>>
  readonly isOn: boolean
  readonly seen: readonly string[] | null
}

const NEWS_MS = 100
/** The most milliseconds that it takes to follow an order: a reader waits for its answer. */
const ORDER_MS_MAX = 60_000

export class HostileChild {
  readonly #child: Child
  readonly #signal: AbortSignal
  /** The way it ended by itself; null while it runs. */
  #ending: string | null = null
  #news: News = { acts: 0, told: {}, isOn: false, seen: null }

  private constructor(child: Child, signal: AbortSignal) {
    this.#child = child
    this.#signal = signal
    // 'close' comes when all that it said is read.
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

  /** Resolves when it does as it is told, with what is wrong with it, as sentences. */
  async turn(isOn: boolean): Promise<readonly string[]> {
    this.#send({ order: isOn ? 'on' : 'off' })
    return this.#follows(() => this.#news.isOn === isOn)
  }

  /** Ends it and returns what it saw that must not be, as sentences. */
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

/** In the child: does what its parent says. `acts` counts what the client did. */
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
