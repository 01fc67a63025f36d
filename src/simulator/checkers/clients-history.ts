import { assert } from '../../base/assert.ts'
import type { ClientId, Sequence } from '../../base/ids.ts'
import { checkHistory } from '../../linearizability/check-history.ts'
import { History, type Operation } from '../../linearizability/history.ts'
import { timeline } from '../../linearizability/timeline.ts'
import { openOperations } from '../../store/operations.ts'
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

/** A request was sent, or answered, or a batch did what no client of the load asked for; in the order in which it happened. */
type HistoryEvent =
  | { readonly kind: 'asked' | 'answered'; readonly asked: Asked }
  | { readonly kind: 'done'; readonly aside: Aside }
  | { readonly kind: 'seen'; readonly aside: Aside }

/** Changes of one batch that no client of the load asked for. Answers from it or from a later batch show them. */
interface Aside {
  readonly sequence: Sequence
  /** The keys that ended with a lease. */
  readonly keys: readonly string[]
  /** The requests of clients outside the load. */
  readonly requests: readonly Asked[]
}

/**
 * 13, from outside. The clients' history is linearizable, judged only by the requests and answers of clients: some
 * order of each key's reads, writes and cas operations explains every answer. The search runs at the end of the run. A
 * request without an answer may have been executed at any time after it was sent, or never. Two kinds of writes have no
 * answer in the history: a lease ends its keys without any client, and clients outside the load write too. Each happens
 * after its batch was first executed, and before any answer from that batch or from a later one. The model names the
 * leases that end in a batch; the results of other clients' requests are those of the first replica that executed them.
 */
export function clientsHistory(modelled = new ModelledStore()): Checker {
  const events: HistoryEvent[] = []
  const open = new Map<string, Asked>()
  const places = new Map<string, Sequence>()
  const outside = new Set<string>()
  let unseen: Aside[] = []
  let executedUpTo = 0 as Sequence
  return {
    invariant: 13, // @rule 7.13
    name: 'clients history',
    onExecuted(seen) {
      const batch = modelled.onExecuted(seen)
      if (batch === null || batch.sequence <= executedUpTo) return null
      executedUpTo = batch.sequence
      const requests: Asked[] = []
      for (const [index, { client, timestamp, standing, results }] of seen.outcomes.entries()) {
        const request = seen.batch.requests[index]
        if (standing !== 'new' || request === undefined) continue
        const { digest: requestDigest, operations } = request
        const key = requestKey({ client, timestamp, requestDigest })
        places.set(key, batch.sequence)
        if (outside.has(key) && isExecutable(operations))
          requests.push({ client, timestamp, requestDigest, operations, results })
      }
      const keys = batch.leases.flatMap((event) => (event.kind === 'begun' ? [] : event.keys.map(keyText)))
      if (keys.length === 0 && requests.length === 0) return null
      const aside = { sequence: batch.sequence, keys, requests }
      unseen.push(aside)
      events.push({ kind: 'done', aside })
      return null
    },
    onSigned(seen) {
      outside.add(requestKey(seen))
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
      for (const aside of unseen) if (aside.sequence <= place) events.push({ kind: 'seen', aside })
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
    const shown =
      event.kind === 'answered' ? [event.asked] : event.kind === 'done' ? event.aside.requests : []
    for (const { operations, results, ...request } of shown) {
      const fault = results === null ? null : registers.show(operations, results)
      if (fault !== null) return `the answer to ${nameOf(request)} ${fault}`
    }
  }
  const history = new History()
  const processes = new Map<ClientId, number>()
  const underWay = new Map<Asked | Aside, readonly Operation[]>()
  const complete = (one: Asked | Aside): void => {
    for (const operation of underWay.get(one) ?? []) history.complete(operation, 'ok')
  }
  const changesOf = ({ operations, results }: Asked): readonly RegisterOperation[] | string =>
    results === null ? registers.unanswered(operations) : registers.answered(operations, results)
  for (const event of events) {
    if (event.kind === 'done') {
      const { keys, requests } = event.aside
      const ended = keys.map((key) => history.invokeWrite(NO_CLIENT, key, null))
      const written: Operation[] = []
      for (const request of requests) {
        const done = changesOf(request)
        if (typeof done === 'string') return `the answer to ${nameOf(request)} ${done}`
        for (const one of done) if (one.left !== undefined) written.push(invoke(history, NO_CLIENT, one))
      }
      underWay.set(event.aside, [...ended, ...written])
    } else if (event.kind === 'seen') complete(event.aside)
    else if (event.kind === 'answered') complete(event.asked)
    else {
      const { client } = event.asked
      if (!processes.has(client)) processes.set(client, processes.size)
      const process = processes.get(client) ?? 0
      const done = changesOf(event.asked)
      if (typeof done === 'string') return `the answer to ${nameOf(event.asked)} ${done}`
      underWay.set(
        event.asked,
        done.map((one) => invoke(history, process, one)),
      )
    }
  }
  return history
}

/** The process of what no client of the load asked for. */
const NO_CLIENT = -1

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

/** True for operations that are well formed, so that each has a result. */
const isExecutable = (operations: Uint8Array): boolean => openOperations(operations) !== null

const nameOf = ({ client, timestamp }: Pick<SeenRequest, 'client' | 'timestamp'>): string =>
  `request ${timestamp} of client ${client.slice(0, 8)}`
