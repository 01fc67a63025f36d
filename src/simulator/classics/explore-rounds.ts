/**
 * Explores every run of a synchronous algorithm with given traitors, with all their possible messages in every round
 * to every receiver.
 *
 * What a round does to one receiver depends on its own messages alone. So the states that a round can lead to are
 * every combination of what each receiver can become, and states that are alike are explored once. Nothing is left
 * out: the behaviour says what a traitor can send at a moment, knowing all that traitors have heard.
 */
import { toHex } from '../../base/bytes.ts'
import type { Algorithm, Message, ProcessId, Received, Step, Value } from '../../classics/process.ts'
import { type Choose, processesOf } from './run.ts'
import type { Behaviour } from './run-rounds.ts'

/** The decisions of the correct processes; undefined for a traitor. */
export type Decisions = readonly (Value | null | undefined)[]

export interface Explored {
  /** The number of explored global states, and of tried messages of traitors. */
  readonly states: number
  readonly lies: number
  /** The number of runs. */
  readonly runs: bigint
  readonly outcomes: readonly Decisions[]
}

interface Node<State> {
  /** By correct process. */
  readonly steps: ReadonlyMap<ProcessId, Step<State>>
  /** First decisions. */
  readonly decided: ReadonlyMap<ProcessId, Value>
  readonly heard: readonly Received[]
  /** The number of runs that lead here. */
  runs: bigint
}

/** A state that a process can reach, with the number of lies that lead to it. */
interface Future<State> {
  readonly step: Step<State>
  ways: bigint
}

export function exploreRounds<State>(options: {
  readonly algorithm: Algorithm<State>
  readonly values: readonly Value[]
  readonly traitors: readonly ProcessId[]
  readonly behaviour: Behaviour
}): Explored {
  const { algorithm, values, traitors, behaviour } = options
  const { n, rounds } = algorithm
  const processes = processesOf(algorithm)
  const correct = processes.map((_, id) => id).filter((id) => !traitors.includes(id))
  let lies = 0
  let states = 0
  /** The futures of a process in a round, by the facts that determine them. */
  const known = new Map<string, readonly Future<State>[]>()

  /** The states that this process can reach, each once. After the last round only its decision matters. */
  const futures = (node: Node<State>, id: ProcessId, round: number): readonly Future<State>[] => {
    const honest = messagesTo(node.steps, id)
    const state = node.steps.get(id)?.state as State
    const place = textOf([id, round, state, honest, node.heard])
    const found = known.get(place)
    if (found !== undefined) return found
    const different = new Map<string, Future<State>>()
    forEachChoice((choose) => {
      const lied = traitors.flatMap((from) => {
        const payloads = behaviour.write({ round, from, to: id, heard: node.heard }, choose)
        return payloads.map((payload) => ({ from, payload }))
      })
      lies++
      const inbox = [...honest, ...lied].sort((a, b) => a.from - b.from)
      const step = processes[id]?.receive(state, inbox) as Step<State>
      const key = round === rounds ? String(step.decision) : keyOf(step)
      const same = different.get(key)
      if (same === undefined) different.set(key, { step, ways: 1n })
      else same.ways++
    })
    const all = [...different.values()]
    known.set(place, all)
    return all
  }

  const advance = (node: Node<State>, round: number): readonly Node<State>[] => {
    const told = behaviour.listens ? traitors.flatMap((traitor) => messagesTo(node.steps, traitor)) : []
    const wiser = { ...node, heard: [...node.heard, ...told] }
    return combinations(correct.map((id) => futures(wiser, id, round))).map((chosen) => {
      const steps = new Map(correct.map((id, index) => [id, (chosen[index] as Future<State>).step]))
      const runs = chosen.reduce((product, { ways }) => product * ways, node.runs)
      const decided = new Map(node.decided)
      for (const [id, { decision }] of steps)
        if (decision !== null && !decided.has(id)) decided.set(id, decision)
      return { steps, decided, heard: wiser.heard, runs }
    })
  }

  const first = new Map(correct.map((id) => [id, processes[id]?.start(values[id] as Value) as Step<State>]))
  const decidedAtOnce = [...first].flatMap(([id, { decision }]) =>
    decision === null ? [] : [[id, decision] as const],
  )
  let frontier: readonly Node<State>[] = [
    { steps: first, decided: new Map(decidedAtOnce), heard: [], runs: 1n },
  ]
  for (let round = 1; round <= (rounds ?? 0); round++) {
    states += frontier.length
    const isLast = round === rounds
    const next = new Map<string, Node<State>>()
    for (const node of frontier) {
      for (const reached of advance(node, round)) {
        const key = isLast ? textOf(reached.decided) : textOf([reached.steps, reached.decided, reached.heard])
        const same = next.get(key)
        if (same === undefined) next.set(key, reached)
        else same.runs += reached.runs
      }
    }
    frontier = [...next.values()]
  }
  const outcomeOf = ({ decided }: Node<State>): Decisions =>
    Array.from({ length: n }, (_, id) => (correct.includes(id) ? (decided.get(id) ?? null) : undefined))
  const runs = frontier.reduce((sum, node) => sum + node.runs, 0n)
  return { states, lies, runs, outcomes: frontier.map(outcomeOf) }
}

function messagesTo<State>(steps: ReadonlyMap<ProcessId, Step<State>>, id: ProcessId): readonly Received[] {
  return [...steps].flatMap(([from, { outbox }]) =>
    outbox.filter((message: Message) => message.to === id).map(({ payload }) => ({ from, payload })),
  )
}

/** Runs a function once for every outcome of its choices. */
export function forEachChoice(run: (choose: Choose) => void): void {
  const trail: { options: number; taken: number }[] = []
  for (;;) {
    let at = 0
    run((options) => {
      const choice = trail[at] ?? { options, taken: 0 }
      trail[at++] = choice
      return choice.taken
    })
    trail.length = at
    for (let last = trail.at(-1); last !== undefined && last.taken + 1 >= last.options; last = trail.at(-1))
      trail.pop()
    const last = trail.at(-1)
    if (last === undefined) return
    last.taken++
  }
}

function combinations<T>(sets: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return sets.reduce<readonly (readonly T[])[]>(
    (all, set) => all.flatMap((chosen) => set.map((one) => [...chosen, one])),
    [[]],
  )
}

const keyOf = ({ state, outbox, decision }: Step<unknown>): string => textOf([state, outbox, decision])

/** Returns a text that is equal for equal states. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, each) => {
    if (each instanceof Uint8Array) return toHex(each)
    return each instanceof Map ? [...each] : each
  })
}
