/** Makes an entry of the gallery from a synchronous agreement algorithm, with processes that lie or crash. */
import { assert } from '../../../base/assert.ts'
import { createRandom } from '../../../base/random.ts'
import { allProcesses } from '../../../classics/automaton.ts'
import type { Algorithm, ProcessId, Value } from '../../../classics/process.ts'
import { unpackPayload } from '../../../messages/payload.ts'
import { isRejection } from '../../../messages/rejection.ts'
import { agreementFault, type Validity } from '../agreement-judge.ts'
import { everyCrash } from '../explore-crashes.ts'
import { type Decisions, exploreRounds } from '../explore-rounds.ts'
import type { AgreementRun } from '../run.ts'
import { type Behaviour, type Crash, runRounds } from '../run-rounds.ts'
import { SpaceTime } from '../space-time.ts'
import { runOf } from './asynchronous-entry.ts'
import type { EntryFacts, GalleryEntry, GalleryExploration, GalleryRun } from './entry.ts'

/** The seeds among which the run that breaks is searched; the shortest one is shown. */
const SEEDS = 60
const SEEDS_MAX = 20_000

export interface RoundsSize {
  readonly n: number
  /** The faults that the algorithm is made for. */
  readonly tolerated: number
}

export interface RoundsDefinition extends EntryFacts {
  algorithm(size: RoundsSize): Algorithm<unknown>
  /** The lies of these processes; without it, faulty processes crash. */
  liars?(size: RoundsSize, liars: readonly ProcessId[]): Behaviour
  readonly validity: Validity
  /** The text of a message, by the items of its payload. */
  letter(items: readonly unknown[], round: number): string
  /** The closed form of the messages of a run without faults. */
  expectedMessages(size: RoundsSize): number
  /** True if the closed form is that of runs in which all begin with the same value. */
  readonly startsAlike?: boolean
  readonly explored: RoundsSize & { readonly bounds: string }
  /** A size outside the bound, with the number of faulty processes and the violated condition. */
  readonly broken: RoundsSize & { readonly faulty: number; readonly condition: string }
}

/** A run that a seed draws: initial values, faulty processes and their deeds. */
interface Drawn {
  readonly run: AgreementRun
  readonly values: readonly Value[]
  readonly faulty: readonly ProcessId[]
  readonly crashes: readonly Crash[]
}

export function roundsEntry(definition: RoundsDefinition): GalleryEntry {
  const { algorithm, liars, validity, letter, expectedMessages, startsAlike, explored, broken, ...facts } =
    definition
  const violationOf = ({ run, values, faulty }: Drawn): string | null => {
    const outcome = run.decisions.map((decided, id) =>
      faulty.includes(id) ? undefined : (decided?.value ?? null),
    )
    return agreementFault({ outcome, values, liars: liars === undefined ? [] : faulty, validity })
  }
  const shown = (drawn: Drawn): GalleryRun => {
    const { n, rounds } = drawn.run
    return { ...runOf(n, diagramOf(drawn, letter), violationOf(drawn)), rounds, faulty: drawn.faulty }
  }
  return {
    ...facts,
    run({ n, faults, seed }) {
      const size = { n, tolerated: faults }
      // The first seed has no fault, so that the closed form of the messages applies to it.
      const drawn = drawRun(definition, { ...size, faulty: (seed - 1) % (faults + 1), seed })
      const run = shown(drawn)
      const isAlike = startsAlike !== true || new Set(drawn.values).size === 1
      const applies = run.faulty.length === 0 && isAlike
      return { ...run, expectedMessages: applies ? expectedMessages(size) : null }
    },
    explore: () => exploreAll(definition, shown),
    break() {
      const run = shortestBreak(definition, shown)
      assert(run !== null, `${facts.name} does not break where ${broken.condition}`)
      return { condition: broken.condition, run }
    },
  }
}

function drawRun(
  { algorithm, liars, validity, startsAlike }: RoundsDefinition,
  options: RoundsSize & { readonly faulty: number; readonly seed: number },
): Drawn {
  const { n, tolerated, seed } = options
  const random = createRandom(seed)
  const isAlike = validity !== 'common' || (startsAlike === true && seed === 1)
  const values = allProcesses(n).map(() => (isAlike ? 1 : random.below(2)))
  const faulty = random.shuffle([...allProcesses(n)]).slice(0, options.faulty)
  const made = algorithm({ n, tolerated })
  if (liars === undefined) {
    const crashes = faulty.map((process) => ({
      process,
      round: 1 + random.below(made.rounds ?? 1),
      reaches: allProcesses(n).filter((id) => id !== process && random.below(2) === 0),
    }))
    return { run: runRounds({ algorithm: made, values, crashes }), values, faulty, crashes }
  }
  const treason = {
    traitors: faulty,
    behaviour: liars({ n, tolerated }, faulty),
    choose: (ways: number) => random.below(ways),
  }
  return { run: runRounds({ algorithm: made, values, treason }), values, faulty, crashes: [] }
}

/** Returns the shortest run outside the bound that violates a property; null if no seed draws one. */
function shortestBreak(definition: RoundsDefinition, shown: (drawn: Drawn) => GalleryRun): GalleryRun | null {
  let shortest: GalleryRun | null = null
  for (let seed = 1; seed <= SEEDS || (shortest === null && seed <= SEEDS_MAX); seed++) {
    const run = shown(drawRun(definition, { ...definition.broken, seed }))
    if (run.violation !== null && (shortest === null || run.events.length < shortest.events.length))
      shortest = run
  }
  return shortest
}

/** Every initial value of interest: where one process sends, only its value matters. */
const inputs = (n: number, validity: Validity): readonly (readonly Value[])[] =>
  validity === 'common'
    ? Array.from({ length: 2 ** n }, (_, bits) => allProcesses(n).map((id) => (bits >> id) & 1))
    : [0, 1].map((value) => allProcesses(n).map(() => value))

function subsetsOf(n: number, size: number): readonly (readonly ProcessId[])[] {
  return Array.from({ length: 2 ** n }, (_, bits) =>
    allProcesses(n).filter((id) => (bits & (1 << id)) !== 0),
  ).filter((set) => set.length === size)
}

function exploreAll(definition: RoundsDefinition, shown: (drawn: Drawn) => GalleryRun): GalleryExploration {
  const { algorithm, liars, validity, explored } = definition
  const { n, tolerated, bounds } = explored
  const made = algorithm(explored)
  let runs = 0n
  let states = 0
  let property: string | null = null
  const judge = (outcome: Decisions, values: readonly Value[], faulty: readonly ProcessId[]): void => {
    property ??= agreementFault({ outcome, values, liars: faulty, validity })
  }
  let found: Drawn | null = null
  for (const values of inputs(n, validity)) {
    if (liars === undefined) {
      for (const { crashes, run } of everyCrash({ algorithm: made, values, crashesMax: tolerated })) {
        const faulty = crashes.map(({ process }) => process)
        runs++
        states += run.messages.length
        const drawn = { run, values, faulty, crashes }
        if (found === null && shown(drawn).violation !== null) found = drawn
      }
      continue
    }
    for (const traitors of subsetsOf(n, tolerated)) {
      const behaviour = liars(explored, traitors)
      const walked = exploreRounds({ algorithm: made, values, traitors, behaviour })
      runs += walked.runs
      states += walked.states
      for (const outcome of walked.outcomes) judge(outcome, values, traitors)
    }
  }
  const run = found === null ? null : shown(found)
  const violated = run?.violation ?? property
  return {
    bounds,
    runs,
    states,
    violation:
      violated === null
        ? null
        : { property: violated, run: run ?? { ...runOf(n, new SpaceTime(n), violated), faulty: [] } },
  }
}

/** The rounds one after the other: all send, those that crash stop, all receive, and some decide. */
function diagramOf({ run, crashes }: Drawn, letter: RoundsDefinition['letter']): SpaceTime {
  const { n, messages, decisions } = run
  const diagram = new SpaceTime(n)
  const last = Math.max(0, ...messages.map(({ round }) => round), run.rounds)
  const hasCrashed = (id: ProcessId, round: number): boolean =>
    crashes.some((crash) => crash.process === id && crash.round <= round)
  for (let round = 0; round <= last; round++) {
    const sent = messages.map((message, id) => ({ ...message, id })).filter((each) => each.round === round)
    for (const { id, from, to, payload } of sent) {
      const items = unpackPayload(payload)
      diagram.send(id, from, to, letter(isRejection(items) ? [] : items, round))
    }
    for (const { process } of crashes.filter((crash) => crash.round === round))
      diagram.local(process, 'crashes')
    for (const { id, to } of [...sent].sort((a, b) => a.to - b.to || a.from - b.from)) {
      if (hasCrashed(to, round)) diagram.lose(id)
      else diagram.receive(id)
    }
    for (const [id, decided] of decisions.entries())
      if (decided?.round === round && !hasCrashed(id, round)) diagram.local(id, `decides ${decided.value}`)
  }
  return diagram
}
