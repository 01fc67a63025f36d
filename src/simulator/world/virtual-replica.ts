/**
 * A replica of a simulation: the production runtime on a virtual clock, disk and network, which crashes and restarts.
 */
import { assert } from '../../base/assert.ts'
import { given } from '../../base/given.ts'
import type { ReplicaId } from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import { type Cluster, storeParametersOf } from '../../messages/cluster.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import { step as protocolStep } from '../../pbft/step.ts'
import type { Application, CryptoSuite, Peer, Signer } from '../../ports.ts'
import { ReplicaRuntime } from '../../runtime/replica-runtime.ts'
import type {
  Recomposition,
  RejectedMessage,
  ReplicaRuntimeOptions,
  StepFunction,
} from '../../runtime/replica-runtime-options.ts'
import { createStore } from '../../store/application.ts'
import type { InvariantMonitor } from '../checkers/invariant-monitor.ts'
import { isAmnesiac } from '../checkers/replica-view.ts'
import type { Trace } from '../trace/trace.ts'
import type { VirtualClock, VirtualTime } from './virtual-clock.ts'
import type { VirtualDisk } from './virtual-disk.ts'
import type { VirtualNetwork } from './virtual-network.ts'
import { type ArmedCrash, VirtualProcess } from './virtual-process.ts'
import { wrapped } from './wrapped-application.ts'

/** Breaks correct replicas behind the checkers' back, so that a test can see each checker fail. */
export interface Sabotage {
  step?(replica: ReplicaId, protocol: StepFunction): StepFunction
  application?(replica: ReplicaId, application: Application): Application
}

export interface VirtualReplicaContext {
  readonly id: ReplicaId
  /** 1 for the second of two nodes with one identity, otherwise 0. */
  readonly twin: number
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signer: Signer
  readonly agreementSecret: Uint8Array
  readonly time: VirtualTime
  readonly clock: VirtualClock
  readonly disk: VirtualDisk
  readonly network: VirtualNetwork
  /** For the nonces of its recovery operations. */
  readonly random: Random
  readonly watch: InvariantMonitor
  readonly trace: Trace
  readonly sabotage: Sabotage
  /** Makes it an adversary from its first start on, which may be honest until it turns. */
  readonly adversary?: Recomposition
  /** True if it counts as a traitor from the beginning. */
  readonly isTraitor: boolean
  readonly onRejected?: (rejected: RejectedMessage) => void
  /** Called for each link that was ended because of its silence. */
  readonly onSilentLink?: () => void
}

/** Units of `Allowance`: a write is about 25. */
const EXECUTED_PER_TURN_MAX = 150

interface Running {
  readonly runtime: ReplicaRuntime
  readonly application: Application
}

export class VirtualReplica {
  readonly #place: VirtualReplicaContext
  readonly #peer: Peer
  /** True if it is a traitor; otherwise the checkers watch it. */
  #isTraitor: boolean
  #running: Running | null = null
  #process: VirtualProcess | null = null
  #incarnation = 0
  #isRecovering = false

  constructor(place: VirtualReplicaContext) {
    this.#place = place
    this.#isTraitor = place.isTraitor
    this.#peer = { kind: 'replica', id: place.id }
  }

  get id(): ReplicaId {
    return this.#place.id
  }

  get clock(): VirtualClock {
    return this.#place.clock
  }

  get disk(): VirtualDisk {
    return this.#place.disk
  }

  /** True if it has never been a traitor. */
  get isCorrect(): boolean {
    return !this.#isTraitor
  }

  /** True if it currently counts in f: a traitor, down, or without the promises of its disk. */
  get isFaulty(): boolean {
    const { isLost, isOld } = this.#place.disk
    if (!this.isCorrect || isLost || isOld) return true
    return this.#running === null ? this.#incarnation > 0 : isAmnesiac(this.#running.runtime.state)
  }

  /** True if it takes part although its log was lost or is an old copy. */
  get isHealed(): boolean {
    const { isLost, isOld, losses } = this.#place.disk
    if (this.#running === null || !this.isCorrect || isLost || isOld) return false
    return losses > 0 && !isAmnesiac(this.#running.runtime.state)
  }

  /** Null while the replica is down. */
  get running(): Running | null {
    return this.#running
  }

  /** True if it is executing a batch, so that its state differs from every other replica's. */
  get isExecuting(): boolean {
    return this.#process?.isExecuting ?? false
  }

  /** The number of its starts. */
  get incarnation(): number {
    return this.#incarnation
  }

  /** Becomes a traitor permanently: its signatures no longer count as a correct replica's. */
  turn(): void {
    this.#isTraitor = true
  }

  /** Starts the replica, or restarts it from its disk. */
  start(): void {
    assert(this.#running === null, 'a replica that runs is not started')
    const { id, twin, cluster, suite, network, disk, clock, random } = this.#place
    const { signer, agreementSecret, adversary, onRejected, onSilentLink } = this.#place
    this.#incarnation++
    const process = new VirtualProcess(clock)
    this.#process = process
    const application = this.#watchedApplication(process)
    this.#isRecovering = true
    const parts: ReplicaRuntimeOptions = {
      id,
      cluster,
      suite,
      signer,
      agreementSecret,
      transport: process.transport(network.attach(this.#peer, twin)),
      replay: process.replay(disk.open()),
      application,
      pages: disk.pages,
      entropy: (size) => Uint8Array.from({ length: size }, () => random.below(256)),
      // Every stable checkpoint is stored, and the log before it trimmed.
      storeAfterBytes: 0,
      // Most batches take one turn, but many take several, so that events arrive in the middle of them.
      executedPerTurn: 1 + random.below(EXECUTED_PER_TURN_MAX),
      clock: process,
      step: this.#watchedStep(),
      ...given({ onRejected, onSilentLink }),
    }
    const runtime = new ReplicaRuntime(adversary?.(parts) ?? parts)
    this.#isRecovering = false
    this.#running = { runtime, application }
  }

  /**
   * Fails the power. Depending on the options, frames in flight are lost too, or the whole disk, the synced part of
   * the log, or everything newer than the copy of the disk.
   */
  crash(how: { readonly losesSent: boolean; readonly loses?: 'disk' | 'log' | 'recent' }): void {
    const { id, twin, network, disk, watch } = this.#place
    this.#process?.end()
    this.#process = null
    this.#running?.runtime.stop()
    this.#running = null
    network.detach(this.#peer, how, twin)
    let kept = disk.crash()
    if (how.loses === 'recent') kept = disk.putBack()
    if (how.loses === 'disk') disk.lose()
    if (how.loses === 'log') disk.rotLog()
    const survivingRecords = disk.isLost ? 0 : kept
    if (this.isCorrect) watch.onCrash({ replica: id, survivingRecords })
  }

  /** Fails the power in the middle of a later turn if `mayCrash` allows it then. */
  arm(crash: ArmedCrash, mayCrash: () => boolean): void {
    this.#process?.arm(crash, mayCrash, () => this.crash(crash))
  }

  disarm(): void {
    this.#process?.disarm()
  }

  pause(): void {
    this.#process?.pause()
  }

  resume(): void {
    this.#process?.resume()
  }

  #watchedStep(): StepFunction {
    const { id, sabotage, disk, time, watch, trace } = this.#place
    const honest = sabotage.step?.(id, protocolStep) ?? protocolStep
    const incarnation = this.#incarnation
    return (state, event) => {
      const effects = (this.isCorrect ? honest : protocolStep)(state, event)
      trace.step({ atMs: time.now, replica: id, event, effects })
      if (disk.isOld) this.#judgeOldDisk(state, effects)
      if (this.isCorrect) {
        watch.onStep({
          replica: id,
          incarnation,
          isRecovering: this.#isRecovering,
          state,
          event,
          effects,
          appendedRecords: disk.appendedRecords,
          syncedRecords: disk.syncedRecords,
        })
      }
      return effects
    }
  }

  /**
   * Its disk is an old copy, and it asks the others for the messages that it forgot. If they prove it amnesiac, it
   * recovers. If nobody does, it takes part with its old promises, so from then on it counts as a traitor.
   */
  #judgeOldDisk({ recovery: { health, recall } }: ReplicaState, effects: readonly Effect[]): void {
    const { id, disk, trace, time } = this.#place
    if (effects.some((effect) => effect.kind === 'persist' && effect.record.kind === 'healed')) {
      disk.outgrow()
    } else if (this.isCorrect && health === 'sound' && recall === null) {
      trace.note(time.now, `replica ${id} takes part with an old disk`)
      this.turn()
    }
  }

  #watchedApplication(process: VirtualProcess): Application {
    const { id, cluster, suite, sabotage, watch } = this.#place
    const store = createStore({ hash: suite.hash, ...storeParametersOf(cluster) })
    const incarnation = this.#incarnation
    const application = sabotage.application?.(id, store) ?? store
    let isRestored = false
    const isCorrect = (): boolean => this.isCorrect
    return wrapped(application, {
      begin: function* (sequence, batch, allowance) {
        const outcomes = yield* process.execute(application.begin(sequence, batch, allowance))
        if (isCorrect()) {
          watch.onExecuted({ replica: id, incarnation, isRestored, sequence, batch, outcomes, application })
        }
        isRestored = false
        return outcomes
      },
      restore: (snapshot) => {
        isRestored = true
        process.giveUp()
        application.restore(snapshot)
      },
    })
  }
}
