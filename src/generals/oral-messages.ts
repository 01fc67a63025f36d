/**
 * OM(m), oral messages: Lamport, Shostak, Pease, "The Byzantine Generals Problem" (1982), section 3. Tolerates m traitors
 * among n >= 3m + 1 generals, the commander included, in m + 1 rounds.
 *
 * OM(0): the commander sends his value to every lieutenant, who uses it. OM(m): each lieutenant passes on what he got as
 * the commander of OM(m - 1) among the others, and takes the majority of what he got and of what the others say they got.
 */
import { packPayload } from '../messages/payload.ts'
import { indexOf, type Path, pathsBelow, UNSAID, valueAt } from './path-tree.ts'
import {
  type Algorithm,
  everyoneBut,
  type Letter,
  type Process,
  type ProcessId,
  type Received,
  readLetter,
  strictMajority,
  toEach,
  type Value,
} from './process.ts'

export interface OralState {
  /** The round whose letters come next; the first is 1. */
  readonly round: number
  /** By round: what was said along each path that begins with the commander. */
  readonly levels: readonly Uint8Array[]
}

export interface OralOptions {
  readonly n: number
  /** m: the traitors to tolerate. */
  readonly traitors: number
  readonly commander?: ProcessId
  /** A letter for each path, as the recursion reads, or one letter for each link and round. */
  readonly letters?: 'path' | 'link'
}

interface Said {
  readonly path: Path
  readonly value: Value
}

export function oralMessages(options: OralOptions): Algorithm<OralState> {
  const { n, traitors: m, commander = 0, letters = 'path' } = options
  const paths = Array.from({ length: m + 1 }, (_, further) => pathsBelow(n, [commander], further))
  const write = letters === 'path' ? letterPerPath : letterPerLink
  const process = (self: ProcessId): Process<OralState> => ({
    start(value) {
      const isCommander = self === commander
      return {
        state: { round: 1, levels: [] },
        outbox: isCommander ? write([{ path: [self], value }], everyoneBut(n, self)) : [],
        decision: isCommander ? value : null,
      }
    },
    receive(state, inbox) {
      if (self === commander) return { state, outbox: [], decision: null }
      const here = paths[state.round - 1] ?? []
      const level = new Uint8Array(here.length).fill(UNSAID)
      for (const { from, payload } of inbox) {
        const expected = here.filter((path) => path.at(-1) === from && !path.includes(self))
        for (const { path, value } of readSaid(payload, expected, letters)) level[indexOf(n, path, 1)] = value
      }
      const next = { round: state.round + 1, levels: [...state.levels, level] }
      if (state.round <= m) {
        const said = here.flatMap((path, index) =>
          path.includes(self) ? [] : [{ path: [...path, self], value: valueAt(level, index) }],
        )
        return { state: next, outbox: write(said, everyoneBut(n, self, commander)), decision: null }
      }
      return { state: next, outbox: [], decision: agreed(next.levels, [commander], { n, self }) }
    },
  })
  return { name: `OM(${m})`, n, rounds: m + 1, process }
}

/** What a lieutenant holds for what was said along a path. */
function agreed(levels: readonly Uint8Array[], path: Path, place: { n: number; self: ProcessId }): Value {
  const value = valueAt(levels[path.length - 1], indexOf(place.n, path, 1))
  if (path.length === levels.length) return value
  const others = everyoneBut(place.n, place.self, ...path)
  return strictMajority([value, ...others.map((id) => agreed(levels, [...path, id], place))])
}

/** The commander of a smaller OM for each path: tells all who are not on it. */
function letterPerPath(said: readonly Said[], targets: readonly ProcessId[]): readonly Letter[] {
  return said.flatMap(({ path, value }) =>
    toEach(
      targets.filter((to) => !path.includes(to)),
      packPayload([value, [...path]]),
    ),
  )
}

/** The same values in the order of their paths, in one letter for each lieutenant. */
function letterPerLink(said: readonly Said[], targets: readonly ProcessId[]): readonly Letter[] {
  return targets.map((to) => ({
    to,
    payload: packPayload([
      Uint8Array.from(
        said.filter(({ path }) => !path.includes(to)),
        ({ value }) => value,
      ),
    ]),
  }))
}

function readSaid(
  payload: Received['payload'],
  expected: readonly Path[],
  letters: 'path' | 'link',
): readonly Said[] {
  if (letters === 'link') {
    const length = { least: expected.length, most: expected.length }
    const values = readLetter(payload, (fields) => fields.bytes(length)) ?? []
    return expected.map((path, index) => ({ path, value: values[index] ?? UNSAID }))
  }
  return (
    readLetter(payload, (fields) => {
      const value = fields.integer()
      const said = fields.integers(expected[0]?.length ?? 0)
      const path = expected.find(
        (each) => each.length === said.length && each.every((id, at) => id === said[at]),
      )
      return path === undefined || value >= UNSAID ? [] : [{ path, value }]
    }) ?? []
  )
}
