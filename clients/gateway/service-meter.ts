/**
 * Measures the recent service of clients: the answers per second, their latencies, and the longest time in which
 * requests waited and none was answered. It measures only while it is on; otherwise it only counts waiting requests.
 */
import type { FastifyInstance } from 'fastify'
import type { ServiceDocument } from '../api/events.ts'

/** The seconds over which throughput and latencies are measured, and those for the longest gap. */
const RECENT_SECONDS = 5
const GAP_SECONDS = 60
/** The answers of one second whose times are kept. */
const TIMES_PER_SECOND_MAX = 1_000
/** The resources of the store, without streams, which do not end. */
const STORE_PATHS = ['/v1/kv', '/v1/txn', '/v1/leases', '/v1/compact']

interface Second {
  readonly at: number
  answered: number
  failed: number
  readonly times: number[]
  gapMs: number
}

export class ServiceMeter {
  readonly #nowMs: () => number
  #isOn = false
  #waiting = 0
  /** The time since which requests wait and none was answered. */
  #quietSince = 0
  #seconds: Second[] = []

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** Counts the calls of a server to the store. */
  watch(server: FastifyInstance): void {
    server.addHook('onRequest', async (request, reply) => {
      const path = request.routeOptions.config.endpoint?.path
      if (path === undefined || !STORE_PATHS.some((each) => path.startsWith(each))) return
      const end = this.begin()
      // Called once, after the answer or when the caller has disconnected.
      reply.raw.once('close', () => end(reply.raw.writableFinished && isServed(reply.statusCode)))
    })
  }

  turn(isOn: boolean): void {
    this.#isOn = isOn
    this.#seconds = []
    this.#quietSince = this.#nowMs()
  }

  /** Notes that a request begins to wait. Returns the function that notes its end. */
  begin(): (isServed: boolean) => void {
    const begun = this.#isOn ? this.#nowMs() : 0
    if (this.#waiting++ === 0 && this.#isOn) this.#quietSince = begun
    return (isAnswered) => {
      this.#waiting--
      if (this.#isOn) this.#end(begun, isAnswered)
    }
  }

  /** The figures of the last seconds. */
  figures(): Omit<ServiceDocument, 'listeners'> {
    const now = this.#nowMs()
    const recent = this.#seconds.filter(({ at }) => at > now / 1000 - RECENT_SECONDS - 1)
    const times = recent.flatMap((second) => second.times).sort((a, b) => a - b)
    const span = Math.max(1, Math.min(RECENT_SECONDS, recent.length))
    const sum = (of: (second: Second) => number): number => recent.reduce((all, each) => all + of(each), 0)
    const running = this.#waiting > 0 && this.#isOn ? now - this.#quietSince : 0
    return {
      throughput: rounded(sum(({ answered }) => answered) / span),
      failed: rounded(sum(({ failed }) => failed) / span),
      waiting: this.#waiting,
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
      longestGapMs: rounded(Math.max(running, ...this.#seconds.map(({ gapMs }) => gapMs))),
    }
  }

  #end(begun: number, isAnswered: boolean): void {
    const now = this.#nowMs()
    const second = this.#secondAt(Math.floor(now / 1000))
    if (!isAnswered) {
      second.failed++
      return
    }
    second.answered++
    // A request that began before the measurement has no latency.
    if (begun > 0 && second.times.length < TIMES_PER_SECOND_MAX) second.times.push(now - begun)
    second.gapMs = Math.max(second.gapMs, now - this.#quietSince)
    this.#quietSince = now
  }

  #secondAt(at: number): Second {
    const last = this.#seconds.at(-1)
    if (last?.at === at) return last
    const second = { at, answered: 0, failed: 0, times: [], gapMs: 0 }
    this.#seconds = [...this.#seconds.filter((each) => each.at > at - GAP_SECONDS), second]
    return second
  }
}

/** True for an answer of the store, including a refusal. */
const isServed = (status: number): boolean => status < 500 && status !== 429

const rounded = (value: number): number => Math.round(value * 10) / 10

/** The value below which this share of the sorted values lies; null if there are none. */
function quantile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return value === undefined ? null : rounded(value)
}
