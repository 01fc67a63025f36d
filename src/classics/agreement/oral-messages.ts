/**
 * OM(m), oral messages: Lamport, Shostak, Pease, "The Byzantine Generals Problem" (1982), section 3. Tolerates m traitors
 * among n >= 3m + 1 generals, the commander included, in m + 1 rounds.
 *
 * OM(0): the commander sends his value to every lieutenant, who uses it. OM(m): each lieutenant acts as the commander
 * of OM(m - 1) and relays the value that he received to the others. He then takes the majority of the value that he
 * received and the values that the others report.
 */
import { packPayload } from '../../messages/payload.ts'
import {
  type Algorithm,
  everyoneBut,
  type Message,
  type Process,
  type ProcessId,
  type Received,
  readMessage,
  strictMajority,
  toEach,
  type Value,
} from '../process.ts'
import { indexOf, type Path, pathsBelow, UNSAID, valueAt } from './path-tree.ts'

export interface OralState {
  /** The round whose messages come next; the first is 1. */
  readonly round: number
  /** By round: the value reported along each path that begins with the commander. */
  readonly levels: readonly Uint8Array[]
}

export interface OralOptions {
  readonly n: number
  /** m: the traitors to tolerate. */
  readonly traitors: number
  readonly commander?: ProcessId
  /**
   * `path` sends one message for each path, as the recursion reads; `link` sends one message for each link and round.
   */
  readonly messages?: 'path' | 'link'
}

interface Said {
  readonly path: Path
  readonly value: Value
}

export function oralMessages(options: OralOptions): Algorithm<OralState> {
  const { n, traitors: m, commander = 0, messages = 'path' } = options
  const paths = Array.from({ length: m + 1 }, (_, further) => pathsBelow(n, [commander], further))
  const [write, readSaid] = messages === 'path' ? [messagePerPath, readPaths] : [messagePerLink, readLinks]
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
      const before = paths[state.round - 2] ?? [[]]
      for (const { path, value } of readSaid(inbox, { n, commander, self, before })) {
        level[indexOf(n, path, 1)] = value
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

/** Returns the value that a lieutenant computes for a path. */
function agreed(levels: readonly Uint8Array[], path: Path, place: { n: number; self: ProcessId }): Value {
  const value = valueAt(levels[path.length - 1], indexOf(place.n, path, 1))
  if (path.length === levels.length) return value
  const others = everyoneBut(place.n, place.self, ...path)
  return strictMajority([value, ...others.map((id) => agreed(levels, [...path, id], place))])
}

/** Returns one message for each path, as the commander of a smaller OM, to every process that is not on the path. */
function messagePerPath(said: readonly Said[], targets: readonly ProcessId[]): readonly Message[] {
  return said.flatMap(({ path, value }) =>
    toEach(
      targets.filter((to) => !path.includes(to)),
      packPayload([value, [...path]]),
    ),
  )
}

/** Returns the same values, in the order of their paths, in one message for each lieutenant. */
function messagePerLink(said: readonly Said[], targets: readonly ProcessId[]): readonly Message[] {
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

/**
 * The paths on which a receiver expects values in a round: those along which a value was reported in the round before.
 */
interface Place {
  readonly n: number
  readonly commander: ProcessId
  readonly self: ProcessId
  readonly before: readonly Path[]
}

function readPaths(inbox: readonly Received[], { n, commander, self, before }: Place): readonly Said[] {
  const length = (before[0]?.length ?? 0) + 1
  const isProper = (path: Path, from: ProcessId): boolean =>
    path.length === length &&
    path[0] === commander &&
    path.at(-1) === from &&
    new Set(path).size === length &&
    path.every((id) => id < n && id !== self)
  return inbox.flatMap(({ from, payload }) => {
    const said = readMessage(payload, (fields) => ({ value: fields.integer(), path: fields.integers(n) }))
    return said !== null && said.value < UNSAID && isProper(said.path, from) ? [said] : []
  })
}

function readLinks(inbox: readonly Received[], { commander, self, before }: Place): readonly Said[] {
  return inbox.flatMap(({ from, payload }) => {
    const isFirst = before[0]?.length === 0
    if (isFirst !== (from === commander)) return []
    const paths = before.filter((path) => !path.includes(from) && !path.includes(self))
    const length = { least: paths.length, most: paths.length }
    const values = readMessage(payload, (fields) => fields.bytes(length))
    return paths.map((path, index) => ({ path: [...path, from], value: values?.[index] ?? UNSAID }))
  })
}
