/**
 * Clients of a running cluster that record every operation for the checker of linearizability.
 *
 * The store's keys are registers: a get is a read, a put is a write, and a delete is a write of null. A put with
 * `ifRevision` is a cas from the value that its client found at that revision: no value is written twice and a
 * revision belongs to one change of one key, so an unchanged revision means an unchanged value. If the revision has
 * changed, the answer names the current revision, and thereby a value; such a cas is recorded as a read. An operation
 * without an answer is in doubt, and its client continues as another process; an operation that was never sent has
 * failed.
 */
import { OperationFailure, StoreClient } from '../../../clients/library/store-client.ts'
import { createRandom, type Random } from '../../../src/base/random.ts'
import { checkHistory, type Verdict } from '../../../src/linearizability/check-history.ts'
import { HistoryReader } from '../../../src/linearizability/history-reader.ts'
import { timeline } from '../../../src/linearizability/timeline.ts'
import type { Operation } from '../../../src/store/operations-writer.ts'
import type { Result } from '../../../src/store/results.ts'
import { waitUntil } from '../deadlines.ts'
import type { Sample } from './load-meter.ts'

/** The share of puts that are a cas of the value read before. */
const CAS_SHARE = 0.5

type Kind = 'read' | 'write' | 'cas'
interface Event {
  readonly process: number
  type: 'invoke' | 'ok' | 'fail' | 'info'
  f: Kind
  readonly key: string
  value: string | null | readonly [string | null, string]
}

interface Found {
  readonly value: string | null
  readonly revision: number
}

interface LoadSetting {
  readonly loops?: number
  readonly keys?: number
  readonly seed?: number
  /** The pause of each loop after an operation, which leaves starting replicas their share of the machine. */
  readonly pauseMs?: number
  /** Called for every finished operation. */
  readonly onEnd?: (sample: Sample) => void
}

export class RecordedLoad {
  readonly #clients: readonly StoreClient[]
  readonly #keys: readonly string[]
  readonly #events: Event[] = []
  /** The value of each observed revision. */
  readonly #values = new Map<number, string>()
  /** Each cas that found another revision: its two events, and that revision. */
  readonly #moved: { readonly invoke: Event; readonly end: Event; readonly revision: number }[] = []
  readonly #loops: Promise<void>[]
  readonly #onEnd: (sample: Sample) => void
  readonly #pauseMs: number
  #acknowledged = 0
  #processes = 0
  #writes = 0
  #isOver = false

  /** Loops that share these clients. */
  constructor(
    clients: readonly StoreClient[],
    { loops = 8, keys = 3, seed = 1, pauseMs = 4, onEnd = () => {} }: LoadSetting = {},
  ) {
    this.#clients = clients
    this.#onEnd = onEnd
    this.#pauseMs = pauseMs
    this.#keys = Array.from({ length: keys }, (_, index) => `register ${index}`)
    const random = createRandom(seed)
    this.#loops = Array.from({ length: loops }, (_, index) =>
      this.#loop(clients[index % clients.length] as StoreClient, random.fork()),
    )
    for (const loop of this.#loops) loop.catch(() => {}) // `finish` tells
  }

  /** A load with its own clients, one for each name of `names`; `stop` closes them. */
  static async start(
    setting: LoadSetting & {
      readonly directory: string
      readonly names: readonly string[]
      readonly timeoutMs?: number
    },
  ): Promise<RecordedLoad> {
    const { directory, names, timeoutMs = 5_000 } = setting
    const clients: StoreClient[] = []
    for (const name of names) clients.push(await StoreClient.open({ directory, name, timeoutMs }))
    return new RecordedLoad(clients, setting)
  }

  /** The number of acknowledged writes since the beginning. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** Waits until `count` further writes are acknowledged. */
  async progress(writes: number, limitMs = 120_000): Promise<void> {
    const target = this.#acknowledged + writes
    const isDone = await waitUntil(() => this.#acknowledged >= target, { limitMs })
    if (!isDone) throw new Error(`waited ${limitMs} ms without ${writes} further acknowledged writes`)
  }

  /** Ends the loops without waiting for them. */
  end(): void {
    this.#isOver = true
  }

  /** `finish`, and closes the clients. */
  async stop(): Promise<readonly string[]> {
    try {
      return await this.finish()
    } finally {
      for (const client of this.#clients) await client.close()
    }
  }

  /** Ends the loops, reads every key once more, and returns the lines of the history. */
  async finish(): Promise<readonly string[]> {
    this.end()
    await Promise.all(this.#loops)
    const client = this.#clients[0] as StoreClient
    for (const key of this.#keys) {
      const found = await this.#read(client, this.#processes++, key)
      if (found === null) throw new Error(`the last read of ${key} got no answer`)
    }
    for (const { invoke, end, revision } of this.#moved) {
      const value = revision === 0 ? null : this.#values.get(revision)
      if (value === undefined) continue
      Object.assign(invoke, { f: 'read', value: null })
      Object.assign(end, { f: 'read', value, type: 'ok' })
    }
    return this.#events.map((event) => JSON.stringify(event))
  }

  async #loop(client: StoreClient, random: Random): Promise<void> {
    let process = this.#processes++
    const known = new Map<string, Found>()
    while (!this.#isOver) {
      const key = random.pick(this.#keys)
      const found = known.get(key)
      let now: Found | null
      if (found === undefined || random.chance(0.3)) now = await this.#read(client, process, key)
      else if (random.chance(0.05)) now = await this.#delete(client, process, key)
      else now = await this.#put(client, process, key, random.chance(CAS_SHARE) ? found : null)
      if (now === null) {
        known.delete(key)
        process = this.#processes++
      } else known.set(key, now)
      await new Promise((resolve) => setTimeout(resolve, this.#pauseMs))
    }
  }

  async #read(client: StoreClient, process: number, key: string): Promise<Found | null> {
    const invoke = this.#invoke({ process, f: 'read', key, value: null })
    const result = await this.#execute(client, invoke, { kind: 'get', key: Buffer.from(key) })
    if (result === null) return null
    if (result.status === 'not-found') {
      this.#end(invoke, 'ok', null)
      return { value: null, revision: 0 }
    }
    if (result.status !== 'ok' || result.kind !== 'get')
      throw new Error(`a get was answered ${result.status}`)
    const value = Buffer.from(result.value).toString()
    this.#values.set(result.modRevision, value)
    this.#end(invoke, 'ok', value)
    return { value, revision: result.modRevision }
  }

  /** A put; with `found`, only if the key still holds that value. */
  async #put(client: StoreClient, process: number, key: string, found: Found | null): Promise<Found | null> {
    const value = `${++this.#writes}`
    const condition = found === null ? {} : { ifRevision: found.revision }
    const operation: Operation = {
      kind: 'put',
      key: Buffer.from(key),
      value: Buffer.from(value),
      ...condition,
    }
    const invoke = this.#invoke(
      found === null
        ? { process, f: 'write', key, value }
        : { process, f: 'cas', key, value: [found.value, value] },
    )
    const result = await this.#execute(client, invoke, operation)
    if (result === null) return null
    if (result.status === 'revision-moved') {
      if (found === null) throw new Error('a put without a condition was answered revision-moved')
      const end = this.#end(invoke, 'fail', invoke.value)
      this.#moved.push({ invoke, end, revision: result.modRevision })
      return null
    }
    if (result.status !== 'ok' || result.kind !== 'put')
      throw new Error(`a put was answered ${result.status}`)
    this.#values.set(result.modRevision, value)
    this.#end(invoke, 'ok', invoke.value)
    this.#acknowledged++
    return { value, revision: result.modRevision }
  }

  async #delete(client: StoreClient, process: number, key: string): Promise<Found | null> {
    const invoke = this.#invoke({ process, f: 'write', key, value: null })
    const result = await this.#execute(client, invoke, { kind: 'delete', key: Buffer.from(key) })
    if (result === null) return null
    if (result.status !== 'ok') throw new Error(`a delete was answered ${result.status}`)
    this.#end(invoke, 'ok', null)
    this.#acknowledged++
    return { value: null, revision: 0 }
  }

  /** The result, or null if there is none; the operation's end is then already recorded. */
  async #execute(client: StoreClient, invoke: Event, operation: Operation): Promise<Result | null> {
    const beganMs = performance.now()
    const end = (how: Sample['end']): void =>
      this.#onEnd({ beganMs, endedMs: performance.now(), isWrite: invoke.f !== 'read', end: how })
    try {
      const result = await client.execute(operation)
      end('done')
      return result
    } catch (error) {
      if (!(error instanceof OperationFailure)) throw error
      const isNeverSent = error.code === 'stalled' || error.code === 'busy'
      end(isNeverSent ? 'never-sent' : 'doubt')
      this.#end(invoke, isNeverSent ? 'fail' : 'info', invoke.value)
      return null
    }
  }

  #invoke(event: Omit<Event, 'type'>): Event {
    const invoke: Event = { ...event, type: 'invoke' }
    this.#events.push(invoke)
    return invoke
  }

  #end(invoke: Event, type: 'ok' | 'fail' | 'info', value: Event['value']): Event {
    const end = { ...invoke, type, value }
    this.#events.push(end)
    return end
  }
}

/** Checks a history; throws an error that names the wrong line. */
export function verdictOf(lines: readonly string[]): Verdict {
  const reader = new HistoryReader()
  for (const line of lines) {
    const fault = reader.line(line)
    if (fault !== null) throw new Error(`line ${reader.lines} of the history: ${fault}`)
  }
  const verdict = checkHistory(reader.history)
  if (verdict.kind === 'not-linearizable') throw new Error(timeline(verdict.offence))
  return verdict
}
