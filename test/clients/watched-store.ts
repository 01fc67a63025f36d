/** A watched store in this process, and readers that record their events. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Watch, WatchQuery, WatchStep } from '../../clients/library/watch.ts'
import { Watches } from '../../clients/library/watches.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { brokenPromises, type WatchRecord } from '../../src/simulator/checkers/watch-promises.ts'
import { endOfRevision, WHOLE_REVISION } from '../../src/store/changes-operation.ts'
import type { Change } from '../../src/store/changes-result.ts'
import { EVERY_KEY } from '../../src/store/key-range.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import { Driver, put } from '../store/harness.ts'

const FOREVER = { revisionsMax: 0, ageMs: 0, bytesMax: 0 }

export class WatchedStore {
  readonly driver = new Driver({ history: FOREVER })
  readonly watches: Watches
  /** The kinds of the operations that were executed for watches. */
  readonly executed: string[] = []
  /** Comes before the store executes an operation of a watch; may reject. */
  before: (operation: Operation) => Promise<void> = async () => {}

  constructor(timing = { pauseMin: 1, pauseMax: 2, progress: 5 }) {
    this.watches = new Watches({ execute: (operation) => this.#execute(operation) }, timing)
  }

  async #execute(operation: Operation): Promise<Result> {
    await turn()
    await this.before(operation)
    this.executed.push(operation.kind)
    return this.driver.run(operation)[0] as Result
  }

  get revision(): number {
    return this.driver.store.revision
  }

  /** Changes the store, as a client elsewhere does. */
  run(...operations: readonly Operation[]): void {
    this.driver.run(...operations)
  }

  /** All changes that the store made, if no history was given up. */
  get truth(): readonly Change[] {
    const changes: Change[] = []
    for (let after = endOfRevision(0); ; ) {
      const result = this.driver.run({ kind: 'changes', ...EVERY_KEY, after, previous: true })[0]
      if (result?.status !== 'ok' || result.kind !== 'changes') throw new Error(`${result?.status}`)
      changes.push(...result.changes)
      after = result.through
      if (after.main === result.revision && after.sub === WHOLE_REVISION) return changes
    }
  }

  open(query: Partial<WatchQuery> = {}): Reader {
    return new Reader(this.watches.open({ range: EVERY_KEY, ...query }))
  }
}

export class Reader {
  readonly watch: Watch
  readonly steps: WatchStep[] = []
  failure: unknown = null

  constructor(watch: Watch) {
    this.watch = watch
  }

  /** Takes steps until one is at this revision or after it. */
  async through(revision: number): Promise<this> {
    while ((this.steps.at(-1)?.revision ?? 0) < revision) if (!(await this.take())) break
    return this
  }

  /** Takes one step; false if the watch has ended. */
  async take(): Promise<boolean> {
    try {
      const { done, value } = await this.watch.next()
      if (value !== undefined) this.steps.push(value)
      return done !== true
    } catch (error) {
      this.failure = error
      return false
    }
  }

  get record(): WatchRecord {
    const { range, after = 0, previous, only } = this.watch.query
    return {
      ...{ range, after, steps: this.steps },
      ...(previous === undefined ? {} : { previous }),
      ...(only === undefined ? {} : { only }),
    }
  }
}

export const puts = (count: number, keys = 7): readonly Operation[] =>
  Array.from({ length: count }, (_, index) => put(`k${index % keys}`, `${index}`))

/** Names the promises that were broken, of all readers. */
export const brokenBy = (store: WatchedStore, ...readers: readonly Reader[]): readonly string[] =>
  readers.flatMap(({ record }) =>
    brokenPromises(store.truth, record).map(({ promise, sentence }) => `${promise}: ${sentence}`),
  )

export const large = (name: string): Operation => ({
  kind: 'put',
  key: utf8(name),
  value: new Uint8Array(700_000).fill(1),
})
