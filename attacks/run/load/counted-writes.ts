/**
 * Counted writes, which show that each was executed once. A key's version is the number of its changes: a write that
 * was lost or executed twice shows as a version outside the range of acknowledged writes and writes in doubt.
 */
import { OperationFailure, type StoreClient } from '../../../clients/library/store-client.ts'
import { createRandom, type Random } from '../../../src/base/random.ts'
import type { Sample } from './load-meter.ts'

/** The pause of each loop after an operation, which keeps the load steady and leaves the machine some capacity. */
const PAUSE_MS = 4
const VALUE_BYTES = 100

export interface CountedKey {
  readonly key: string
  /** The numbers of acknowledged writes and of writes in doubt. */
  acknowledged: number
  doubtful: number
  /** The version that two acknowledged writes share, which means that one of them was lost. */
  repeatedVersion: number | null
  /** Its version at the end. */
  version: number
}

export class CountedWrites {
  readonly #client: StoreClient
  readonly #keys: readonly (CountedKey & { readonly versions: Set<number> })[]
  readonly #loops: readonly Promise<void>[]
  readonly #onEnd: (sample: Sample) => void
  #isOver = false

  constructor(
    clients: readonly [StoreClient, ...StoreClient[]],
    setting: {
      readonly loops: number
      readonly keys: number
      readonly seed: number
      readonly onEnd: (sample: Sample) => void
    },
  ) {
    this.#client = clients[0]
    this.#onEnd = setting.onEnd
    this.#keys = Array.from({ length: setting.keys }, (_, index) => ({
      key: `counter ${index}`,
      acknowledged: 0,
      doubtful: 0,
      repeatedVersion: null,
      version: 0,
      versions: new Set(),
    }))
    const random = createRandom(setting.seed)
    this.#loops = Array.from({ length: setting.loops }, (_, index) =>
      this.#loop(clients[index % clients.length] ?? clients[0], random.fork()),
    )
    for (const loop of this.#loops) loop.catch(() => {}) // `finish` reports it
  }

  /** The number of acknowledged writes so far. */
  get acknowledged(): number {
    return this.#keys.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
  }

  /** Ends the loops without waiting for them. */
  end(): void {
    this.#isOver = true
  }

  /** Ends the loops and reads the version of every key. */
  async finish(): Promise<readonly CountedKey[]> {
    this.end()
    await Promise.all(this.#loops)
    for (const counted of this.#keys) {
      const result = await this.#client.execute({ kind: 'get', key: Buffer.from(counted.key) })
      if (result.status === 'ok' && result.kind === 'get') counted.version = result.version
      else if (result.status !== 'not-found') throw new Error(`a get was answered ${result.status}`)
    }
    return this.#keys
  }

  async #loop(client: StoreClient, random: Random): Promise<void> {
    const value = new Uint8Array(VALUE_BYTES).fill(0x76)
    while (!this.#isOver) {
      const counted = random.pick(this.#keys)
      const beganMs = performance.now()
      const end = (how: Sample['end']): void =>
        this.#onEnd({ beganMs, endedMs: performance.now(), isWrite: true, end: how })
      try {
        const result = await client.execute({ kind: 'put', key: Buffer.from(counted.key), value })
        if (result.status !== 'ok' || result.kind !== 'put') {
          throw new Error(`a put was answered ${result.status}`)
        }
        end('done')
        counted.acknowledged++
        if (counted.versions.has(result.version)) counted.repeatedVersion = result.version
        counted.versions.add(result.version)
      } catch (error) {
        if (!(error instanceof OperationFailure)) throw error
        const isNeverSent = error.code === 'stalled' || error.code === 'busy'
        end(isNeverSent ? 'never-sent' : 'doubt')
        if (!isNeverSent) counted.doubtful++
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
}
