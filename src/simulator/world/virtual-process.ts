/** One run of a replica's process, from its start to its end: it can be paused, and made to die at a given point. */
import type { Milliseconds } from '../../base/ids.ts'
import type { BatchExecution } from '../../base/request-outcome.ts'
import type { Clock, LogReplay, Transport } from '../../ports.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A point in the middle of a turn at which the power may fail. */
export type CrashPoint = 'append' | 'sync' | 'send' | 'execute'

export interface ArmedCrash {
  readonly point: CrashPoint
  /** The remaining passes of the point before the failure. */
  readonly after: number
  readonly losesSent: boolean
}

/** The exception of a power failure, which unwinds the running process. The simulation catches it. */
export class PowerFailure extends Error {
  readonly strike: () => void

  constructor(strike: () => void) {
    super('the power failed')
    this.strike = strike
  }
}

/** The delay until the next turn of an unfinished batch, in milliseconds. */
const EXECUTION_TAKES_MS = 0.5

export class VirtualProcess implements Clock {
  readonly #clock: VirtualClock
  #isExecuting = false
  #isPaused = false
  #isDead = false
  /** The work that became due during a pause. */
  #held: (() => void)[] = []
  #armed: {
    readonly crash: ArmedCrash
    left: number
    readonly mayStrike: () => boolean
    readonly strike: () => void
  } | null = null

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** True if it is in the middle of a batch. */
  get isExecuting(): boolean {
    return this.#isExecuting
  }

  now(): Milliseconds {
    return this.#clock.now()
  }

  every(interval: number, run: () => void): () => void {
    let isOwed = false
    let isStopped = false
    const stop = this.#clock.every(interval, () => {
      if (isOwed) return // All ticks of a pause become a single tick.
      isOwed = this.#isPaused
      this.#run(() => {
        isOwed = false
        if (!isStopped) run()
      })
    })
    return () => {
      isStopped = true
      stop()
    }
  }

  /** Continuing a batch takes time, in which other nodes run. */
  defer(run: () => void): void {
    this.#clock.after(this.#isExecuting ? EXECUTION_TAKES_MS : 0, () => this.#run(run))
  }

  pause(): void {
    this.#isPaused = true
  }

  /** Continues with all the work that became due meanwhile. */
  resume(): void {
    this.#isPaused = false
    const held = this.#held
    this.#held = []
    for (const run of held) this.defer(run)
  }

  /** Ends this process: nothing of it runs any more. */
  end(): void {
    this.#isDead = true
    this.#held = []
    this.#armed = null
  }

  /** Fails the power at a point if `mayStrike` allows it then; `applyFault` performs the crash. */
  arm(crash: ArmedCrash, mayStrike: () => boolean, strike: () => void): void {
    this.#armed = { crash, left: crash.after, mayStrike, strike }
  }

  disarm(): void {
    this.#armed = null
  }

  /** The ports of a process; each call is a point at which the power may fail. */
  replay({ log, beginning, records }: LogReplay): LogReplay {
    return {
      beginning,
      records,
      log: {
        append: (record) => {
          this.#pass('append')
          return log.append(record)
        },
        sync: (done) => {
          this.#pass('sync')
          log.sync(done)
        },
        read: (position, done) => log.read(position, done),
        trim: (before) => log.trim(before),
      },
    }
  }

  transport(inner: Transport): Transport {
    return {
      start: (handler) => inner.start(handler),
      send: (to, frame) => {
        // Frames queued before are already sent, so some peers have them and some do not.
        this.#pass('send', () => inner.flush())
        return inner.send(to, frame)
      },
      flush: () => inner.flush(),
      resume: (peer) => inner.resume(peer),
      reachable: () => inner.reachable(),
      received: (peer) => inner.received(peer),
      end: (peer) => inner.end(peer),
    }
  }

  /** The power may fail before each part of a batch. */
  *execute(execution: BatchExecution): BatchExecution {
    for (;;) {
      this.#pass('execute')
      const step = execution.next()
      this.#isExecuting = step.done !== true
      if (step.done === true) return step.value
      yield
    }
  }

  /** The batch is abandoned. */
  giveUp(): void {
    this.#isExecuting = false
  }

  #pass(point: CrashPoint, before: () => void = () => {}): void {
    const armed = this.#armed
    if (armed === null || armed.crash.point !== point || armed.left-- > 0) return
    this.#armed = null
    if (!armed.mayStrike()) return
    before()
    throw new PowerFailure(armed.strike)
  }

  #run(run: () => void): void {
    if (this.#isDead) return
    if (this.#isPaused) this.#held.push(run)
    else run()
  }
}

/** Runs a step of a simulation, in which the power may fail. */
export function survivePowerFailures(run: () => boolean): boolean {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof PowerFailure)) throw error
    error.strike()
    return true
  }
}
