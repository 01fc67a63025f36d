/** The judge of a run: the property that the outputs of the processes violate. */
import type { ProcessId } from '../../classics/process.ts'
import type { ProcessOutput, World } from './world.ts'

/** The end of a run: no message that can arrive is in flight, and no timer is set. */
export interface Ending<State> {
  /** The states by process; the state of a crashed process is its last one before the crash. */
  readonly states: readonly State[]
  readonly crashed: readonly ProcessId[]
}

export interface RunFacts<State> {
  /** The outputs of all processes so far, in their order. */
  readonly outputs: readonly ProcessOutput[]
  /** The processes that have crashed so far. */
  readonly crashed: readonly ProcessId[]
  /** Null while the run goes on. */
  readonly ending: Ending<State> | null
}

/** Returns the violated property; null if there is none. It is called after each event. */
export type Judge<State> = (facts: RunFacts<State>) => string | null

/** Returns the facts of a world; the run has ended if `isEnd`. */
export const factsOf = <State, Message>(
  { outputs, crashed, states }: World<State, Message>,
  isEnd: boolean,
): RunFacts<State> => ({ outputs, crashed, ending: isEnd ? { states, crashed } : null })
