/** One life of a replica's process, from its start to its end: it can be paused, and it dies at the point it is told. */
import type { Milliseconds } from '../../base/ids.ts'
import type { BatchExecution } from '../../base/request-outcome.ts'
import type { Clock, LogReplay, Transport } from '../../ports.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** The point in the middle of a turn at which the power may fail. */
export type CrashPoint = 'append' | 'sync' | 'send' | 'execute'

export interface ArmedCrash {
  readonly point: CrashPoint
  /** Passes of the point that still go well. */
  readonly after: number
  readonly losesSent: boolean
}

/** The power fails in the middle of what a process is doing: unwinds it. Whoever runs the simulation catches it. */
export class PowerFailure extends Error {
  readonly strike: () => void

  constructor(strike: () => void) {
    super('the power failed')
    this.strike = strike
  }
}

/** Until a turn that goes on with a batch, in milliseconds. */
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
    return this.#clock.every(interval, () => {
      if (isOwed) return // ticks that fall into one pause become one
      isOwed = this.#isPaused
      this.#run(() => {
        isOwed = false
        run()
      })
    })
  }

  /** In the middle of a batch it takes a while, in which others are at work. */
  defer(run: () => void): void {
    this.#clock.after(this.#isExecuting ? EXECUTION_TAKES_MS : 0, () => this.#run(run))
  }

  pause(): void {
    this.#isPaused = true
  }

  /** Goes on with everything that became due meanwhile. */
  resume(): void {
    this.#isPaused = false
    const held = this.#held
    this.#held = []
    for (const run of held) this.defer(run)
  }

  /** Nothing of this process happens any more. */
  end(): void {
    this.#isDead = true
    this.#held = []
    this.#armed = null
  }

  /** Lets the power fail at a point, where `mayStrike` then allows it; `applyFault` does what a crash does. */
  arm(crash: ArmedCrash, mayStrike: () => boolean, strike: () => void): void {
    this.#armed = { crash, left: crash.after, mayStrike, strike }
  }

  disarm(): void {
    this.#armed = null
  }

  /** The ports of a process, each of which is a place to die. */
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
        // What was queued before is on its way: some peers have it and some have not.
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

  /** The power may fail in front of each part of a batch. */
  *execute(execution: BatchExecution): BatchExecution {
    for (;;) {
      this.#pass('execute')
      const step = execution.next()
      this.#isExecuting = step.done !== true
      if (step.done === true) return step.value
      yield
    }
  }

  /** Nobody goes on with the batch. */
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
