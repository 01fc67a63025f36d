/**
 * Exponential information gathering: Bar-Noy, Dolev, Dwork, Strong (1987); Lynch, "Distributed Algorithms", 6.3.2.
 * Every process has a value; n >= 3f + 1 processes agree in f + 1 rounds. The size of the messages grows exponentially,
 * their number does not.
 *
 * In round r each process sends everything that it heard in the round before along paths without itself. At the end
 * each path's value is computed from the leaves up: the value of more than half of its children.
 */
import { packPayload } from '../../messages/payload.ts'
import {
  type Algorithm,
  everyoneBut,
  type Process,
  type ProcessId,
  readMessage,
  strictMajority,
  toEach,
  type Value,
} from '../process.ts'
import { childIndex, pathsBelow, UNSAID, valueAt } from './path-tree.ts'

export interface GatheringState {
  /** By length of the path: the value reported along each path. The first level is the process's own value. */
  readonly levels: readonly Uint8Array[]
}

/** A path by its index in its level, with the child that is a given process. */
interface Place {
  readonly index: number
  readonly child: number
}

export function informationGathering(options: {
  readonly n: number
  readonly faults: number
}): Algorithm<GatheringState> {
  const { n, faults } = options
  const rounds = faults + 1
  const paths = Array.from({ length: rounds }, (_, length) => pathsBelow(n, [], length))
  /** By process and length: the paths without it, each with its index. */
  const pathsWithout = everyoneBut(n).map((id) =>
    paths.map((level) =>
      level.flatMap((path, index) => (path.includes(id) ? [] : [{ index, child: childIndex(path, id) }])),
    ),
  )
  const placesOf = (id: ProcessId, length: number): readonly Place[] => pathsWithout[id]?.[length] ?? []

  const process = (self: ProcessId): Process<GatheringState> => {
    /** Returns everything that was heard in the last round along paths without this process. */
    const toSay = ({ levels }: GatheringState): Uint8Array =>
      Uint8Array.from(placesOf(self, levels.length - 1), ({ index }) => valueAt(levels.at(-1), index))
    const say = (state: GatheringState) => toEach(everyoneBut(n, self), packPayload([toSay(state)]))
    return {
      start(value) {
        const state = { levels: [Uint8Array.of(value)] }
        return { state, outbox: say(state), decision: null }
      },
      receive(state, inbox) {
        const length = state.levels.length - 1
        const level = new Uint8Array((paths[length]?.length ?? 0) * (n - length)).fill(UNSAID)
        const hear = (from: ProcessId, values: Uint8Array): void => {
          for (const [at, { index, child }] of placesOf(from, length).entries()) {
            level[index * (n - length) + child] = values[at] ?? UNSAID
          }
        }
        hear(self, toSay(state)) // no message is needed to itself
        for (const { from, payload } of inbox) {
          const size = placesOf(from, length).length
          hear(from, readMessage(payload, (fields) => fields.bytes({ least: size, most: size })) ?? NOTHING)
        }
        const next = { levels: [...state.levels, level] }
        if (length + 1 < rounds) return { state: next, outbox: say(next), decision: null }
        return { state: next, outbox: [], decision: resolve(next.levels, 0, 0) }
      },
    }
  }

  /** Returns the value of the path at an index of the level of this length. */
  function resolve(levels: readonly Uint8Array[], length: number, index: number): Value {
    if (length === rounds) return valueAt(levels[length], index)
    const children = Array.from({ length: n - length }, (_, at) =>
      resolve(levels, length + 1, index * (n - length) + at),
    )
    return strictMajority(children)
  }
  return { name: 'exponential information gathering', n, rounds, process }
}

const NOTHING = new Uint8Array(0)
