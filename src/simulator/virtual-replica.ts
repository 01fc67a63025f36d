/** One replica of a simulation: the production runtime on a virtual clock, disk and network; it crashes and restarts. */
import { assert } from '../base/assert.ts'
import type { ReplicaId } from '../base/ids.ts'
import type { Cluster } from '../messages/cluster.ts'
import { step as protocolStep } from '../pbft/step.ts'
import type { Application, CryptoSuite, Peer, Signer } from '../ports.ts'
import { ReplicaRuntime, type StepFunction } from '../runtime/replica-runtime.ts'
import { createStore } from '../store/application.ts'
import { type Rewrite, rewriting } from './rewrites.ts'
import type { Trace } from './trace.ts'
import type { VirtualClock, VirtualTime } from './virtual-clock.ts'
import type { VirtualDisk } from './virtual-disk.ts'
import type { VirtualNetwork } from './virtual-network.ts'
import type { Watch } from './watch.ts'

/** Breaks correct replicas without telling the checkers, so that a test can see each of them fail. */
export interface Sabotage {
  step?(replica: ReplicaId, protocol: StepFunction): StepFunction
  application?(replica: ReplicaId, application: Application): Application
}

export interface ReplicaPlace {
  readonly id: ReplicaId
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  readonly signer: Signer
  readonly time: VirtualTime
  readonly clock: VirtualClock
  readonly disk: VirtualDisk
  readonly network: VirtualNetwork
  readonly watch: Watch
  readonly trace: Trace
  /** How a traitor rewrites its effects; null for a correct replica, which the checkers then watch. */
  readonly rewrite: Rewrite | null
  readonly sabotage: Sabotage
}

interface Running {
  readonly runtime: ReplicaRuntime
  readonly application: Application
}

export class VirtualReplica {
  readonly #place: ReplicaPlace
  readonly #peer: Peer
  #running: Running | null = null
  #incarnation = 0
  #isRecovering = false

  constructor(place: ReplicaPlace) {
    this.#place = place
    this.#peer = { kind: 'replica', id: place.id }
  }

  get id(): ReplicaId {
    return this.#place.id
  }

  get clock(): VirtualClock {
    return this.#place.clock
  }

  get isCorrect(): boolean {
    return this.#place.rewrite === null
  }

  /** Null while the replica is down. */
  get running(): Running | null {
    return this.#running
  }

  /** How many times it was started. */
  get incarnation(): number {
    return this.#incarnation
  }

  /** Starts the replica, or starts it again from its disk. */
  start(): void {
    assert(this.#running === null, 'a replica that runs is not started')
    const { id, cluster, suite, signer, network, disk, clock } = this.#place
    this.#incarnation++
    const application = this.#watchedApplication()
    this.#isRecovering = true
    const runtime = new ReplicaRuntime({
      id,
      cluster,
      suite,
      signer,
      transport: network.attach(this.#peer),
      replay: disk.open(),
      application,
      clock,
      step: this.#watchedStep(),
    })
    this.#isRecovering = false
    this.#running = { runtime, application }
  }

  /** The power fails. What was sent and is still under way is lost too, if so asked. */
  crash(how: { readonly losesSent: boolean }): void {
    const { id, network, disk, watch } = this.#place
    this.#running?.runtime.stop()
    this.#running = null
    network.detach(this.#peer, how)
    const survivingRecords = disk.crash()
    if (this.isCorrect) watch.onCrash({ replica: id, survivingRecords })
  }

  #watchedStep(): StepFunction {
    const { id, rewrite, sabotage, disk, time, watch, trace } = this.#place
    let protocol: StepFunction = protocolStep
    if (rewrite !== null) protocol = rewriting(protocol, rewrite)
    else if (sabotage.step !== undefined) protocol = sabotage.step(id, protocol)
    const incarnation = this.#incarnation
    return (state, event) => {
      const effects = protocol(state, event)
      trace.step({ atMs: time.now, replica: id, event, effects })
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

  #watchedApplication(): Application {
    const { id, cluster, suite, sabotage, watch } = this.#place
    const store = createStore({
      hash: suite.hash,
      clients: cluster.clients.map((client) => client.id),
      storeBytesMax: cluster.storeBytesMax,
    })
    const incarnation = this.#incarnation
    const application = this.isCorrect ? (sabotage.application?.(id, store) ?? store) : store
    return {
      execute: (sequence, batch) => {
        const outcomes = application.execute(sequence, batch)
        if (this.isCorrect) {
          watch.onExecuted({ replica: id, incarnation, sequence, batch, outcomes, application })
        }
        return outcomes
      },
      standing: (client, timestamp, digest) => application.standing(client, timestamp, digest),
      results: (client, timestamp) => application.results(client, timestamp),
      get revision() {
        return application.revision
      },
      snapshot: () => application.snapshot(),
      assemble: (root) => application.assemble(root),
      restore: (snapshot) => application.restore(snapshot),
      fingerprint: () => application.fingerprint(),
    }
  }
}
