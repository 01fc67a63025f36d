/** Runs an asynchronous algorithm: messages arrive one by one, in any order, and each eventually arrives. */
import type { Algorithm, Message, ProcessId, Step, Value } from '../../classics/process.ts'
import { type AgreementRun, Journal, processesOf, type SentMessage } from './run.ts'

/** The number of delivered messages after which a run counts as endless. */
const DELIVERIES_MAX = 100_000

export interface MessagesOptions<State> {
  readonly algorithm: Algorithm<State>
  /** By process. */
  readonly values: readonly Value[]
  /**
   * Chooses the next message to arrive, as an index into the messages in flight, oldest first; by default the oldest.
   */
  readonly schedule?: (underWay: readonly SentMessage[]) => number
  /**
   * All messages that each traitor will ever send. The schedule chooses their arrival, so they can be sent at the
   * start without loss of generality.
   */
  readonly lies?: ReadonlyMap<ProcessId, readonly Message[]>
  /** The number of messages that each of these sends before it crashes. */
  readonly crashes?: ReadonlyMap<ProcessId, number>
  readonly deliveriesMax?: number
}

export function runMessages<State>(options: MessagesOptions<State>): AgreementRun {
  const { algorithm, values, schedule = () => 0, lies, crashes } = options
  const journal = new Journal(algorithm)
  const processes = processesOf(algorithm)
  const states = new Map<ProcessId, State>()
  /** The longest chain of messages that led to what each process knows. */
  const depths = processes.map(() => 0)
  const left = new Map(crashes)
  const underWay: SentMessage[] = []

  const perform = (id: ProcessId, step: Step<State>): void => {
    states.set(id, step.state)
    const depth = depths[id] ?? 0
    journal.decide(id, step.decision, depth)
    for (const message of step.outbox) {
      const room = left.get(id)
      if (room === 0) {
        states.delete(id)
        return
      }
      if (room !== undefined) left.set(id, room - 1)
      underWay.push(journal.send(id, message, depth + 1))
    }
  }

  for (const [id, process] of processes.entries()) {
    const messages = lies?.get(id)
    if (messages === undefined) perform(id, process.start(values[id] as Value))
    else underWay.push(...messages.map((message) => journal.send(id, message, 1)))
  }
  for (let count = options.deliveriesMax ?? DELIVERIES_MAX; count > 0 && underWay.length > 0; count--) {
    const [message] = underWay.splice(schedule(underWay), 1) as [SentMessage]
    const state = states.get(message.to)
    if (state === undefined) continue // A traitor, or a crashed process.
    const received = journal.receive(message)
    depths[message.to] = Math.max(depths[message.to] ?? 0, message.round)
    perform(message.to, processes[message.to]?.receive(state, [received]) as Step<State>)
  }
  return journal.finish()
}
