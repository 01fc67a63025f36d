/** Runs a synchronous algorithm in lock step: all messages of a round arrive before the next one begins. */
import { assert } from '../../base/assert.ts'
import type { Algorithm, ProcessId, Received, Step, Value } from '../../classics/process.ts'
import { type AgreementRun, type Choose, Journal, processesOf } from './run.ts'

/** A traitor sends one message, several, or none. */
export interface Moment {
  readonly round: number
  readonly from: ProcessId
  readonly to: ProcessId
  /**
   * All messages that correct processes have sent to traitors, including this round: traitors share them, and send
   * last. Empty for a behaviour that does not listen.
   */
  readonly heard: readonly Received[]
}

export interface Behaviour {
  /** True if its messages depend on received ones, as they do with signatures. */
  readonly listens: boolean
  /** Returns the messages of a traitor at a moment, with a call of `choose` for each choice. */
  write(moment: Moment, choose: Choose): readonly Uint8Array[]
}

export interface Treason {
  readonly traitors: readonly ProcessId[]
  readonly behaviour: Behaviour
  readonly choose: Choose
}

/** A process that crashes in a round: only these receivers still get its messages of that round. */
export interface Crash {
  readonly process: ProcessId
  readonly round: number
  readonly reaches: readonly ProcessId[]
}

export interface RoundsOptions<State> {
  readonly algorithm: Algorithm<State>
  /** By process. */
  readonly values: readonly Value[]
  readonly treason?: Treason
  readonly crashes?: readonly Crash[]
}

export function runRounds<State>(options: RoundsOptions<State>): AgreementRun {
  const { algorithm, values, treason, crashes = [] } = options
  const { rounds } = algorithm
  assert(rounds !== null, `${algorithm.name} has no rounds`)
  const journal = new Journal(algorithm)
  const traitors = treason?.traitors ?? []
  const processes = processesOf(algorithm)
  const correct = processes.map((_, id) => id).filter((id) => !traitors.includes(id))
  const steps = new Map<ProcessId, Step<State>>()
  for (const id of correct) {
    const step = processes[id]?.start(values[id] as Value) as Step<State>
    steps.set(id, step)
    journal.decide(id, step.decision, 0)
  }
  const heard: Received[] = []
  for (let round = 1; round <= rounds; round++) {
    const messages = [...steps].flatMap(([from, { outbox }]) =>
      outbox
        .filter(({ to }) => arrives({ crashes, from, to, round }))
        .map((message) => journal.send(from, message, round)),
    )
    for (const { from, to, payload } of messages) if (traitors.includes(to)) heard.push({ from, payload })
    const lies = correct.flatMap((to) =>
      traitors.flatMap((from) => {
        const payloads = treason?.behaviour.write({ round, from, to, heard }, treason.choose) ?? []
        return payloads.map((payload) => journal.send(from, { to, payload }, round))
      }),
    )
    const arriving = [...messages, ...lies].sort((a, b) => a.from - b.from)
    for (const { process, round: last } of crashes) if (last <= round) steps.delete(process)
    for (const [id, { state }] of steps) {
      const inbox = arriving.filter(({ to }) => to === id).map((message) => journal.receive(message))
      const step = processes[id]?.receive(state, inbox) as Step<State>
      steps.set(id, step)
      journal.decide(id, step.decision, round)
    }
    const isQuiet = [...steps].every(([id, { outbox }]) => journal.hasDecided(id) && outbox.length === 0)
    if (isQuiet && traitors.length === 0) break
  }
  return journal.finish()
}

function arrives(message: {
  readonly crashes: readonly Crash[]
  readonly from: ProcessId
  readonly to: ProcessId
  readonly round: number
}): boolean {
  const { crashes, from, to, round } = message
  const crash = crashes.find(({ process }) => process === from)
  return crash === undefined || round < crash.round || (round === crash.round && crash.reaches.includes(to))
}
