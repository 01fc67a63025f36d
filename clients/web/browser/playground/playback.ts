/** A recorded run that is played forwards and backwards: the run itself, brought to the event that is looked at. */
import { startSwarm } from '../../../../attacks/run/simulated/swarm.ts'
import type { Simulation } from '../../../../src/simulator/runs/simulate.ts'
import { type Moment, momentOf } from '../../../../src/simulator/trace/moment.ts'
import type { Recording } from './recording.ts'

export class Playback {
  readonly recording: Recording
  #simulation: Simulation
  #event = 0

  constructor(recording: Recording) {
    this.recording = recording
    this.#simulation = this.#anew()
  }

  get event(): number {
    return this.#event
  }

  /** Brings the run to an event. Backwards it begins anew: the same plan gives the same run. */
  seek(event: number): Moment {
    const target = Math.max(0, Math.min(event, this.recording.stepsAt.length - 1))
    if (target < this.#event) {
      this.#simulation = this.#anew()
      this.#event = 0
    }
    while (this.#event < target && this.#simulation.next()) this.#event++
    this.#event = target
    return momentOf(this.#simulation)
  }

  /** The checkers have judged the recording; the run that is looked at needs none. */
  #anew(): Simulation {
    const { plan } = this.recording
    return startSwarm({ seed: plan.seed, plan, invariants: [] })
  }
}
