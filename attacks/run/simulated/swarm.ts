/**
 * Seeds of the simulator with the catalogue's adversaries: seeds draw the attacks that set `drawn`, and plans may name
 * every attack of replicas.
 */
import type { AuthenticationMode } from '../../../src/messages/cluster.ts'
import type { AdversaryCatalogue } from '../../../src/simulator/plan/adversaries.ts'
import { drawPlan } from '../../../src/simulator/plan/draw-plan.ts'
import type { Plan } from '../../../src/simulator/plan/plan.ts'
import {
  type DetailedResult,
  type Simulation,
  type SimulationOptions,
  simulate,
  startSimulation,
} from '../../../src/simulator/runs/simulate.ts'
import { CATALOGUE } from '../../catalogue/catalogue.ts'
import { corrupt } from '../../language/adversary.ts'
import type { Blackboard } from '../../language/adversary-context.ts'
import { adversaryOf, modesOf } from '../../language/attack.ts'

const ADVERSARIES = new Map(
  [...CATALOGUE.values()].flatMap((attack) => {
    const adversary = adversaryOf(attack)
    return adversary === undefined ? [] : [[attack.name, adversary] as const]
  }),
)

export const SWARM: AdversaryCatalogue = {
  drawn: [...CATALOGUE.values()].flatMap((attack) =>
    attack.drawn === undefined ? [] : [{ name: attack.name, harms: attack.drawn, modes: modesOf(attack) }],
  ),
  has: (name) => ADVERSARIES.has(name),
  forRun(traitors) {
    const board: Blackboard = { traitors, notes: new Map() }
    return (name, { random, isOn }) => {
      const adversary = ADVERSARIES.get(name)
      if (adversary === undefined) throw new Error(`the catalogue has no attack "${name}" that replicas play`)
      return corrupt({ adversary, board, random, isOn, onAct: () => {} })
    }
  },
}

/** Runs the plan of a seed, or a given plan. */
export const simulateSwarm = (options: SimulationOptions): DetailedResult =>
  simulate({ ...options, catalogue: SWARM })

/** Sets up a run of what a seed draws, or of a plan, to go on one event at a time. */
export const startSwarm = (options: SimulationOptions): Simulation =>
  startSimulation({ ...options, catalogue: SWARM })

/** Draws the plan of a seed. */
export const drawSwarmPlan = (seed: number, n?: number, mode?: AuthenticationMode): Plan =>
  drawPlan(seed, n, mode, SWARM.drawn)
