import { assert } from '../../base/assert.ts'
import type { ClientId } from '../../base/ids.ts'
import { checkHistory } from '../../linearizability/check-history.ts'
import { History, type Operation } from '../../linearizability/history.ts'
import { timeline } from '../../linearizability/timeline.ts'
import { type Checker, requestKey, type SeenRequest } from './checker.ts'
import { type RegisterOperation, Registers } from './registers.ts'

/** More than the history of a settled run takes: a hundred requests that all waited out one partition took 3 million. */
const CONFIGURATIONS_MAX = 10_000_000

interface Asked extends SeenRequest {
  results: Uint8Array | null
}

/** A request was sent, or answered; in the order in which it happened. */
interface HistoryEvent {
  readonly asked: Asked
  readonly isAnswer: boolean
}

/**
 * 13, from outside. The clients' history is linearizable by what clients sent and were told alone, whatever any replica
 * holds: some order of each key's reads, writes and cases explains every answer. It is searched for when the run is
 * over. A request without an answer may have happened at any time after it was sent, or never.
 */
export function clientsHistory(): Checker {
  const events: HistoryEvent[] = []
  const open = new Map<string, Asked>()
  return {
    invariant: 13, // @rule 7.13
    name: 'clients history',
    onRequest(seen) {
      const asked = { ...seen, results: null }
      open.set(requestKey(seen), asked)
      events.push({ asked, isAnswer: false })
      return null
    },
    onAnswer({ results, ...answered }) {
      const key = requestKey(answered)
      const asked = open.get(key)
      if (asked === undefined) return `${nameOf(answered)} was answered, and did not wait`
      open.delete(key)
      asked.results = results
      events.push({ asked, isAnswer: true })
      return null
    },
    onEnd() {
      const history = historyOf(events)
      if (typeof history === 'string') return history
      const verdict = checkHistory(history, { configurationsMax: CONFIGURATIONS_MAX })
      // Of a run that got stuck there may be too much in doubt; that it got stuck is what is told then.
      assert(verdict.kind !== 'undecided' || open.size > 0, 'the history of a settled run can be judged')
      return verdict.kind === 'not-linearizable' ? timeline(verdict.offence) : null
    },
  }
}

/** The history in terms of registers; or a sentence when some answer has no meaning in them. */
function historyOf(events: readonly HistoryEvent[]): History | string {
  const registers = new Registers()
  for (const { asked, isAnswer } of events) {
    const { operations, results } = asked
    const fault = isAnswer && results !== null ? registers.show(operations, results) : null
    if (fault !== null) return `the answer to ${nameOf(asked)} ${fault}`
  }
  const history = new History()
  const processes = new Map<ClientId, number>()
  const underWay = new Map<Asked, readonly Operation[]>()
  for (const { asked, isAnswer } of events) {
    if (isAnswer) {
      for (const operation of underWay.get(asked) ?? []) history.complete(operation, 'ok')
      continue
    }
    const { client, operations, results } = asked
    if (!processes.has(client)) processes.set(client, processes.size)
    const process = processes.get(client) ?? 0
    const done = results === null ? registers.unanswered(operations) : registers.answered(operations, results)
    if (typeof done === 'string') return `the answer to ${nameOf(asked)} ${done}`
    underWay.set(
      asked,
      done.map((one) => invoke(history, process, one)),
    )
  }
  return history
}

function invoke(history: History, process: number, { key, found, left }: RegisterOperation): Operation {
  if (left !== undefined) {
    return found === undefined
      ? history.invokeWrite(process, key, left)
      : history.invokeCas(process, key, [found, left])
  }
  const read = history.invokeRead(process, key)
  read.from = history.codes.code(found ?? null)
  return read
}

const nameOf = ({ client, timestamp }: Pick<SeenRequest, 'client' | 'timestamp'>): string =>
  `request ${timestamp} of client ${client.slice(0, 8)}`
