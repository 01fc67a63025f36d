/** The mixed load of correct clients in every attack: one part is recorded, and the other part is counted. */
import { StoreClient } from '../../../clients/library/store-client.ts'
import type { Peer } from '../../../src/ports.ts'
import { type CountedKey, CountedWrites } from './counted-writes.ts'
import type { Sample } from './load-meter.ts'
import { RecordedLoad, verdictOf } from './recorded-load.ts'

const RECORDED_KEYS = 4
const COUNTED_KEYS = 16

/** The clients' observations. */
export interface Finished {
  readonly counted: readonly CountedKey[]
  /** The faults that were found, as sentences. */
  readonly faults: readonly string[]
  readonly notes: readonly string[]
}

export class Workload {
  readonly #clients: readonly StoreClient[]
  readonly #recorded: RecordedLoad
  readonly #counted: CountedWrites

  private constructor(
    clients: readonly [StoreClient, ...StoreClient[]],
    setting: {
      readonly seed: number
      readonly underWay: number
      readonly onEnd: (sample: Sample) => void
    },
  ) {
    this.#clients = clients
    const counted = Math.max(1, Math.ceil(setting.underWay / 2))
    const recorded = Math.max(1, setting.underWay - counted)
    this.#recorded = new RecordedLoad(clients, { ...setting, loops: recorded, keys: RECORDED_KEYS })
    this.#counted = new CountedWrites(clients, { ...setting, loops: counted, keys: COUNTED_KEYS })
  }

  /** A client for each name. An operation without an answer is in doubt after `timeoutMs`. */
  static async start(setting: {
    readonly directory: string
    readonly names: readonly [string, ...string[]]
    readonly timeoutMs: number
    readonly seed: number
    /** Operations in flight, half of them recorded and half counted; at least one of each. */
    readonly underWay: number
    readonly onEnd: (sample: Sample) => void
    /** Called with every frame that a replica sends to these clients. */
    readonly onFrame?: (from: Peer, frame: Uint8Array) => void
  }): Promise<Workload> {
    const { directory, names, timeoutMs, onFrame } = setting
    const audited = onFrame === undefined ? {} : { onFrame }
    const open = (name: string): Promise<StoreClient> =>
      StoreClient.open({ directory, name, timeoutMs, ...audited })
    const clients: StoreClient[] = []
    try {
      for (const name of names) clients.push(await open(name))
    } catch (error) {
      for (const client of clients) await client.close()
      throw error
    }
    return new Workload(clients as unknown as [StoreClient, ...StoreClient[]], setting)
  }

  /** Writes acknowledged so far. */
  get acknowledged(): number {
    return this.#recorded.acknowledged + this.#counted.acknowledged
  }

  /** Ends the load after its last operation, reads all keys once more, and checks the clients' observations. */
  async finish(): Promise<Finished> {
    const [recorded, counted] = await Promise.allSettled([this.#recorded.finish(), this.#counted.finish()])
    const faults: string[] = []
    const notes: string[] = []
    for (const part of [recorded, counted]) {
      if (part.status === 'rejected')
        faults.push(`a client cannot continue: ${(part.reason as Error).message}`)
    }
    if (recorded.status === 'fulfilled') {
      try {
        const verdict = verdictOf(recorded.value)
        if (verdict.kind === 'undecided')
          faults.push('whether the history is linearizable is undecided within the limits')
        notes.push(`${verdict.operations} recorded operations over ${verdict.keys} keys`)
      } catch (error) {
        faults.push(`the history of the clients is not linearizable:\n${(error as Error).message}`)
      }
    }
    return { counted: counted.status === 'fulfilled' ? counted.value : [], faults, notes }
  }

  async close(): Promise<void> {
    this.#recorded.end()
    this.#counted.end()
    for (const client of this.#clients) await client.close()
  }
}
