/** Makes an entry of the gallery from an asynchronous algorithm, its judge and its settings. */

import { assert } from '../../../base/assert.ts'
import { createRandom } from '../../../base/random.ts'
import type { TypedMessage } from '../../../classics/automaton.ts'
import { type Exploration, exploreOrders } from '../explore-orders.ts'
import type { Judge } from '../judge.ts'
import { exploreDelays, runDrawn, type Timing } from '../run-drawn.ts'
import type { SpaceTime } from '../space-time.ts'
import type { Setting } from '../world.ts'
import type { EntryFacts, GalleryEntry, GalleryRun } from './entry.ts'

/** A setting with the judge of its runs. */
export interface Judged<State, Message extends TypedMessage> {
  readonly setting: Setting<State, Message>
  readonly judge: Judge<State>
  /** Delays and clocks. An exploration without it walks all orders of events; with it, all delays. */
  readonly timing?: Timing
  /** True if the judge ignores the order between outputs of different processes. */
  readonly isUnordered?: boolean
}

export interface Definition<State, Message extends TypedMessage> extends EntryFacts {
  /** The setting of a single run. */
  inRun(parameters: { readonly n: number; readonly faults: number }): Judged<State, Message>
  /** The closed form of the messages of a run without faults. */
  expectedMessages?(parameters: { readonly n: number; readonly faults: number }): number
  /** The setting whose runs are all explored, with its bounds in words. */
  readonly explored: Judged<State, Message> & { readonly bounds: string }
  /** A setting outside the bound of the theorem, with the violated condition. */
  readonly broken: Judged<State, Message> & { readonly condition: string }
}

const DELAYS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

export function asynchronousEntry<State, Message extends TypedMessage>(
  definition: Definition<State, Message>,
): GalleryEntry {
  const { inRun, expectedMessages, explored, broken, ...facts } = definition
  return {
    ...facts,
    run({ n, faults, seed }) {
      const { setting, judge, timing = { delays: DELAYS } } = inRun({ n, faults })
      const random = createRandom(seed)
      const { diagram, violation, world } = runDrawn({ setting, judge, timing, choose: random.below })
      const hasFault =
        world.crashed.length > (setting.faults?.dead ?? []).length ||
        diagram.events.some(({ kind }) => kind === 'lost')
      const expected = hasFault ? null : (expectedMessages?.({ n, faults }) ?? null)
      return { ...runOf(n, diagram, violation), faulty: world.crashed, expectedMessages: expected }
    },
    explore() {
      const { runs, worlds, violation, isComplete } = exploreAll(explored)
      assert(isComplete || violation !== null, `${facts.name} has more runs than were walked`)
      const { n } = explored.setting.algorithm
      return {
        bounds: explored.bounds,
        runs,
        states: worlds,
        violation:
          violation === null
            ? null
            : { property: violation.property, run: runOf(n, violation.diagram, violation.property) },
      }
    },
    break() {
      const { violation } = exploreAll(broken)
      assert(violation !== null, `${facts.name} does not break where ${broken.condition}`)
      const { property, diagram } = violation
      return { condition: broken.condition, run: runOf(broken.setting.algorithm.n, diagram, property) }
    },
  }
}

function exploreAll<State, Message extends TypedMessage>(judged: Judged<State, Message>): Exploration {
  const { setting, judge, timing, isUnordered } = judged
  if (timing !== undefined) return exploreDelays({ setting, judge, timing })
  return exploreOrders({ setting, judge, isUnordered: isUnordered ?? false })
}

export const runOf = (n: number, diagram: SpaceTime, violation: string | null): GalleryRun => ({
  n,
  events: diagram.events,
  messages: diagram.messages,
  expectedMessages: null,
  rounds: diagram.rounds,
  faulty: [],
  violation,
})
