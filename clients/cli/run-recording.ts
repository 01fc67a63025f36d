/** A run of the simulator, recorded for its explanation. */
import type { ReplicaId } from '../../src/base/ids.ts'
import type { DetailedResult } from '../../src/simulator/runs/simulate.ts'
import {
  ChosenRange,
  type DecisiveOptions,
  DecisivePart,
  type Part,
} from '../../src/simulator/trace/decisive-part.ts'
import { type ExplainedEntry, Explainer } from '../../src/simulator/trace/explanation.ts'
import type { TracedStep } from '../../src/simulator/trace/trace.ts'
import type { Explanation } from './explanation-text.ts'

/** The part of a run that is asked for; without a range, the decisive part. */
export interface AskedPart {
  readonly replica?: number
  readonly from?: number
  readonly to?: number
}

/** The entries of a run that are asked for, gathered while it goes on. */
export class RunRecording {
  readonly #explainer: Explainer
  readonly #chosen: ChosenRange | null
  readonly #decisive: DecisivePart
  #lastEntry: ExplainedEntry | null = null
  #atMs = 0

  constructor({ from, to, replica }: AskedPart, options: DecisiveOptions) {
    const isChosen = from !== undefined || to !== undefined
    this.#chosen = isChosen ? new ChosenRange({ from: from ?? 1, to: to ?? Number.POSITIVE_INFINITY }) : null
    this.#decisive = new DecisivePart(options)
    this.#explainer = new Explainer({
      n: options.n,
      isTraitor: options.isTraitor,
      onEntry: (entry) => {
        if (entry.replica !== null) this.#lastEntry = entry
        if (replica !== undefined && entry.replica !== null && entry.replica !== replica) return
        if (this.#chosen === null) this.#decisive.add(entry)
        else this.#chosen.add(entry)
      },
    })
  }

  /** The hooks of a run. */
  get hooks() {
    const explainer = this.#explainer
    return {
      onCluster: explainer.onCluster,
      onStep: (step: TracedStep) => {
        this.#atMs = step.atMs
        explainer.onStep(step)
        this.#decisive.look(step)
      },
      onNote: explainer.onNote,
      onRejected: (id: ReplicaId, rejected: Parameters<Explainer['onRejected']>[1]) =>
        explainer.onRejected(id, rejected, this.#atMs),
      onAct: (traitor: ReplicaId) => {
        explainer.onAct(traitor, this.#atMs)
        if (this.#lastEntry !== null) this.#decisive.act(this.#lastEntry)
      },
    }
  }

  /** The explanation of the run that has ended; `mustBreak` is true for a control outside its bound. */
  explained(
    { verdict, steps, explanation }: DetailedResult,
    mustBreak = false,
  ): Pick<Explanation, 'part' | 'steps' | 'outcome'> {
    const part: Part = this.#chosen?.part() ?? this.#decisive.part(verdict !== 'held')
    const [why = ''] = explanation
    const broke = mustBreak ? 'It broke a promise, as it must' : 'The run broke a promise'
    const outcome = verdict === 'held' ? 'The run kept every promise.' : `${broke} (${verdict}): ${why}.`
    return { part, steps, outcome }
  }
}
