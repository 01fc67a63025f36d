/**
 * The adversaries that a plan names. The simulator knows only their names. Its caller passes a catalogue, which maps
 * each name to replacements for parts of an honest replica.
 */
import { assert } from '../../base/assert.ts'
import type { ReplicaId } from '../../base/ids.ts'
import { createRandom, type Random } from '../../base/random.ts'
import type { AuthenticationMode } from '../../messages/cluster.ts'
import type { Recomposition } from '../../runtime/replica-runtime-options.ts'
import { type Fault, type Plan, traitorsOf } from './plan.ts'

/** An adversary that seeds may draw. */
export interface DrawnAdversary {
  readonly name: string
  /**
   * The role in which it harms: a harmful primary can only be replaced. What lies about leases and the history harms only
   * where clients use every operation.
   */
  readonly harms: 'as primary' | 'anywhere' | 'with every operation'
  /** The modes whose messages it lies in. */
  readonly modes: readonly AuthenticationMode[]
}

export interface AdversaryCatalogue {
  /** The drawable adversaries, in a fixed order, because seeds draw by index. */
  readonly drawn: readonly DrawnAdversary[]
  /** True for every name that a plan may turn a replica into. */
  has(name: string): boolean
  /** Returns a factory for the adversaries of a run in which these replicas are, or become, traitors. */
  forRun(traitors: readonly ReplicaId[]): MakeAdversary
}

export type MakeAdversary = (
  name: string,
  setting: {
    /** The source of its random choices. */
    readonly random: Random
    /** False while the replica is honest. */
    readonly isOn: () => boolean
  },
) => Recomposition

export const NO_ADVERSARIES: AdversaryCatalogue = {
  drawn: [],
  has: () => false,
  forRun: () => (name) => {
    throw new Error(`no catalogue has an adversary "${name}"`)
  },
}

export type Turn = Fault & { readonly kind: 'turn' }

/** The adversaries of one plan: each is part of its replica from the first start on, and honest until its fault occurs. */
export class PlannedAdversaries {
  readonly #turns: readonly Turn[]
  readonly #make: MakeAdversary
  readonly #on = new Set<Turn>()

  constructor(plan: Plan, catalogue: AdversaryCatalogue) {
    this.#turns = plan.faults.flatMap((fault) => (fault.kind === 'turn' ? [fault] : []))
    for (const { replica, traitor } of this.#turns) {
      assert(
        catalogue.has(traitor),
        `the plan turns replica ${replica} into "${traitor}", which nobody knows`,
      )
    }
    this.#make = catalogue.forRun(traitorsOf(plan))
  }

  /** Returns the factory of the adversary that the plan turns a replica into; undefined if it stays correct. */
  of(id: ReplicaId): Recomposition | undefined {
    const made = this.#turns
      .filter(({ replica }) => replica === id)
      .map((turn) =>
        this.#make(turn.traitor, { random: createRandom(turn.number), isOn: () => this.#on.has(turn) }),
      )
    return made.length === 0 ? undefined : (parts) => made.reduce((inner, make) => make(inner), parts)
  }

  begin(turn: Turn): void {
    assert(this.#turns.includes(turn), 'a replica turns only where its plan says so from the start')
    this.#on.add(turn)
  }
}
