/**
 * The load of a correct client while an attack is tried on a live cluster: it writes a key and reads it, again and again,
 * and knows what it must read. It runs only while a trial does.
 */
import { equalBytes, utf8 } from '../../src/base/bytes.ts'
import type { Operation } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'

/** The key that the load writes, and the milliseconds between two writes. */
const KEY = utf8('playground/probe')
const PAUSE_MS = 50

export interface TrialFigures {
  readonly answered: number
  readonly unanswered: number
  /** Answers that a client believed and that are not what it wrote. */
  readonly wrong: number
  readonly longestGapMs: number
}

/** The figures since a trial began. */
export interface Trial {
  answered: number
  unanswered: number
  wrong: number
  longestGapMs: number
  quietSince: number
}

export interface TrialLoadOptions {
  execute(operation: Operation): Promise<Result>
  /** Notes that a request begins to wait; returns what notes its end. */
  begin(): (isServed: boolean) => void
  readonly nowMs?: () => number
}

export class TrialLoad {
  readonly #options: TrialLoadOptions
  readonly #nowMs: () => number
  readonly #trials = new Set<Trial>()
  #isRunning = false
  #written = 0

  constructor(options: TrialLoadOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? (() => performance.now())
  }

  begin(): Trial {
    const trial = { answered: 0, unanswered: 0, wrong: 0, longestGapMs: 0, quietSince: this.#nowMs() }
    this.#trials.add(trial)
    if (!this.#isRunning) void this.#run()
    return trial
  }

  end(trial: Trial): void {
    this.#trials.delete(trial)
  }

  figures({ answered, unanswered, wrong, longestGapMs, quietSince }: Trial): TrialFigures {
    const running = this.#nowMs() - quietSince
    return { answered, unanswered, wrong, longestGapMs: Math.round(Math.max(longestGapMs, running)) }
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#trials.size > 0) {
      await this.#once()
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    this.#isRunning = false
  }

  /** One write and one read of it. A write without an answer may have happened or not: then nothing is expected. */
  async #once(): Promise<void> {
    const value = utf8(`${this.#written++}`)
    const put = await this.#ask({ kind: 'put', key: KEY, value })
    const read = await this.#ask({ kind: 'get', key: KEY })
    if (put === null || read === null) return
    const isRight = read.status === 'ok' && read.kind === 'get' && equalBytes(read.value, value)
    if (!isRight) for (const trial of this.#trials) trial.wrong++
  }

  async #ask(operation: Operation): Promise<Result | null> {
    const end = this.#options.begin()
    try {
      const result = await this.#options.execute(operation)
      end(true)
      const now = this.#nowMs()
      for (const trial of this.#trials) {
        trial.answered++
        trial.longestGapMs = Math.max(trial.longestGapMs, now - trial.quietSince)
        trial.quietSince = now
      }
      return result
    } catch (error) {
      end(false)
      // Too many gave the same nonsense: a client that takes it for an answer is deceived.
      const isNonsense = `${error}`.includes('cannot be read')
      for (const trial of this.#trials) {
        if (isNonsense) trial.wrong++
        else trial.unanswered++
      }
      return null
    }
  }
}
