import { assert } from '../../base/assert.ts'
import type { ClientId, Sequence } from '../../base/ids.ts'
import { checkHistory } from '../../linearizability/check-history.ts'
import { History, type Operation } from '../../linearizability/history.ts'
import { timeline } from '../../linearizability/timeline.ts'
import { ModelledStore } from '../model/modelled-store.ts'
import { type Checker, requestKey, type SeenRequest } from './checker.ts'
import { keyText, type RegisterOperation, Registers } from './registers.ts'

/**
 * The search limit, above the needs of a settled run: a hundred requests that all waited through one partition took 3
 * million.
 */
const CONFIGURATIONS_MAX = 10_000_000

interface Asked extends SeenRequest {
  results: Uint8Array | null
}

/** A request was sent, or answered, or keys ended with their lease; in the order in which it happened. */
type HistoryEvent =
  | { readonly kind: 'asked' | 'answered'; readonly asked: Asked }
  | { readonly kind: 'ended'; readonly end: End }
  | { readonly kind: 'seen'; readonly end: End }

/** Keys that ended with a lease, in one batch. Nobody asked for that, and who asks later does not find them. */
interface End {
  readonly sequence: Sequence
  readonly keys: readonly string[]
}

/**
 * 13, from outside. The clients' history is linearizable, judged only by the requests and answers of clients: some
 * order of each key's reads, writes and cas operations explains every answer. The search runs at the end of the run. A
 * request without an answer may have been executed at any time after it was sent, or never. A lease ends its keys
 * without any client: that is one more write, after the batch was first executed, and before any answer from it or
 * from a later one. Which leases end in which batch, the model says.
 */
export function clientsHistory(modelled = new ModelledStore()): Checker {
  const events: HistoryEvent[] = []
  const open = new Map<string, Asked>()
  const places = new Map<string, Sequence>()
  let unseen: End[] = []
  let executedUpTo = 0 as Sequence
  return {
    invariant: 13, // @rule 7.13
    name: 'clients history',
    onExecuted(seen) {
      const batch = modelled.onExecuted(seen)
      if (batch === null || batch.sequence <= executedUpTo) return null
      executedUpTo = batch.sequence
      for (const [index, { client, timestamp, standing }] of seen.outcomes.entries()) {
        const requestDigest = seen.batch.requests[index]?.digest
        if (standing === 'new' && requestDigest !== undefined)
          places.set(requestKey({ client, timestamp, requestDigest }), batch.sequence)
      }
      const keys = batch.leases.flatMap((event) => (event.kind === 'begun' ? [] : event.keys.map(keyText)))
      if (keys.length === 0) return null
      const end = { sequence: batch.sequence, keys }
      unseen.push(end)
      events.push({ kind: 'ended', end })
      return null
    },
    onRequest(seen) {
      const asked = { ...seen, results: null }
      open.set(requestKey(seen), asked)
      events.push({ kind: 'asked', asked })
      return null
    },
    onAnswer({ results, ...answered }) {
      const key = requestKey(answered)
      const asked = open.get(key)
      if (asked === undefined) return `${nameOf(answered)} was answered, and did not wait`
      open.delete(key)
      asked.results = results
      const place = places.get(key) ?? 0
      for (const end of unseen) if (end.sequence <= place) events.push({ kind: 'seen', end })
      unseen = unseen.filter(({ sequence }) => sequence > place)
      events.push({ kind: 'answered', asked })
      return null
    },
    onEnd() {
      if (modelled.isLost) return null
      const history = historyOf(events)
      if (typeof history === 'string') return history
      const verdict = checkHistory(history, { configurationsMax: CONFIGURATIONS_MAX })
      // A stuck run may have too many requests in doubt; it is reported as stuck instead.
      assert(verdict.kind !== 'undecided' || open.size > 0, 'the history of a settled run can be judged')
      return verdict.kind === 'not-linearizable' ? timeline(verdict.offence) : null
    },
  }
}

/** The history in terms of registers, or a sentence if an answer has no meaning in them. */
function historyOf(events: readonly HistoryEvent[]): History | string {
  const registers = new Registers()
  for (const event of events) {
    if (event.kind !== 'answered') continue
    const { operations, results } = event.asked
    const fault = results === null ? null : registers.show(operations, results)
    if (fault !== null) return `the answer to ${nameOf(event.asked)} ${fault}`
  }
  const history = new History()
  const processes = new Map<ClientId, number>()
  const underWay = new Map<Asked | End, readonly Operation[]>()
  const complete = (one: Asked | End): void => {
    for (const operation of underWay.get(one) ?? []) history.complete(operation, 'ok')
  }
  for (const event of events) {
    if (event.kind === 'ended') {
      const { end } = event
      const ended = end.keys.map((key) => history.invokeWrite(THE_STORE, key, null))
      underWay.set(end, ended)
    } else if (event.kind === 'seen') complete(event.end)
    else if (event.kind === 'answered') complete(event.asked)
    else {
      const { client, operations, results } = event.asked
      if (!processes.has(client)) processes.set(client, processes.size)
      const process = processes.get(client) ?? 0
      const done =
        results === null ? registers.unanswered(operations) : registers.answered(operations, results)
      if (typeof done === 'string') return `the answer to ${nameOf(event.asked)} ${done}`
      underWay.set(
        event.asked,
        done.map((one) => invoke(history, process, one)),
      )
    }
  }
  return history
}

/** The process that ends leases. */
const THE_STORE = -1

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
