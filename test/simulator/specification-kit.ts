/** One replica under the specification's eyes, and the facts that histories are written of. */
import type { Effect, Event } from '../../src/pbft/effects.ts'
import { REQUEST_TIMEOUT_TICKS } from '../../src/pbft/parameters.ts'
import type { SeenStep } from '../../src/simulator/checkers/checker.ts'
import { specification } from '../../src/simulator/checkers/specification.ts'

export const digestOf = (text: string): Uint8Array => new TextEncoder().encode(text.padEnd(32))
export const NULL = digestOf('null')
export const A = digestOf('a')
export const B = digestOf('b')
export const K = 4

/** Facts as plain objects: a history is easier to read than the bytes that would carry it. */
export type Facts = Record<string, unknown>

/** One of four replicas, the primary of view `id`, and what happens to it. */
export function replica(id: number, mode: 'signed' | 'oral' = 'signed', hasUnsyncedVotes = false) {
  const checker = specification()
  const state = {
    config: { id, n: 4, checkpointInterval: K, mode, hasUnsyncedVotes },
    nullBatch: { digest: NULL },
    clock: { now: 0 },
    patience: { timeoutTicks: REQUEST_TIMEOUT_TICKS },
    leases: { nextExpiry: null },
  }
  let appended = 0
  let synced = 0
  const step = (event: Facts, ...effects: Facts[]): string | null => {
    const seen = { replica: id, incarnation: 1, isRecovering: false, state, event, effects }
    const records = { appendedRecords: appended, syncedRecords: synced }
    const said = checker.onStep?.({ ...seen, ...records } as unknown as SeenStep) ?? null
    appended += effects.filter(({ kind }) => kind === 'persist').length
    return said
  }
  return {
    hear: (...messages: Facts[]) => {
      for (const message of messages)
        step({ kind: 'received', message, from: { kind: 'replica' } } satisfies Facts)
    },
    /** Does it in one step of its own. */
    does: (...effects: Facts[]) => step({ kind: 'ticked' } satisfies Pick<Event, 'kind'>, ...effects),
    event: (event: Facts) => step(event),
    /** Its clock shows this time, and its T is so many ticks. */
    at: (now: number, timeoutTicks = REQUEST_TIMEOUT_TICKS) => {
      state.clock.now = now
      state.patience.timeoutTicks = timeoutTicks
    },
    logs: (...records: Facts[]) => {
      const said = step({ kind: 'ticked' }, ...records.map((record) => ({ kind: 'persist', record })))
      synced = appended
      return said
    },
    logsUnsynced: (record: Facts) => step({ kind: 'ticked' }, { kind: 'persist', record }),
    sends: (outgoing: Facts) =>
      step({ kind: 'ticked' }, { kind: 'broadcast', outgoing } satisfies Partial<Effect> | Facts),
    executes: (sequence: number, digest = A) =>
      checker.onExecuted?.({
        replica: id,
        sequence,
        batch: batchOf(digest),
        application: { nextExpiry: null },
      } as never) ?? null,
    replies: (requestDigest: Uint8Array) =>
      checker.onReply?.({ replica: id, requestDigest } as never) ?? null,
    crash: (survivingRecords: number) => {
      checker.onCrash?.({ replica: id as never, survivingRecords })
      appended = survivingRecords
      synced = survivingRecords
      step({ kind: 'resumed' })
    },
  }
}

export const REQUEST = { kind: 'request', digest: digestOf('request'), timestamp: 1 }
export const batchOf = (digest: Uint8Array, requests: readonly Facts[] = []) => ({
  digest,
  requests,
  bytes: { length: 10 },
})
export const place = (sequence: number, digest = A, view = 0) => ({ view, sequence, digest })
export const prePrepare = (sequence: number, digest = A, view = 0): Facts => ({
  kind: 'pre-prepare',
  sender: view % 4,
  ...place(sequence, digest, view),
  batch: batchOf(digest),
})
export const votes = (kind: 'prepare' | 'commit', senders: number[], sequence = 1, digest = A, view = 0) =>
  senders.map((sender) => ({
    kind,
    sender,
    ...place(sequence, digest, view),
    authentication: { length: 64 },
  }))
export const accepted = (sequence: number, digest = A, view = 0) => ({
  kind: 'accepted',
  prePrepare: prePrepare(sequence, digest, view),
})
export const proposed = (sequence: number, requests: readonly Facts[] = [], view = 0) => ({
  kind: 'proposed',
  content: { kind: 'pre-prepare', view, sequence, batch: batchOf(A, requests) },
})
export const certificate = (senders: number[], sequence = 1, digest = A, view = 0) => ({
  prePrepare: prePrepare(sequence, digest, view),
  prepares: votes('prepare', senders, sequence, digest, view),
})
export const prepared = (senders: number[]) => ({ kind: 'prepared', certificate: certificate(senders) })
export const decided = (senders: number[], sequence = 1) => ({
  kind: 'decided',
  batch: batchOf(A),
  commits: votes('commit', senders, sequence),
  isBatchLogged: false,
})
export const checkpoints = (senders: number[], sequence = K, root = A) =>
  senders.map((sender) => ({ kind: 'checkpoint', sender, sequence, root }))
export const START = { sequence: 0, root: new Uint8Array(0), checkpoints: [] }
export const viewChange = (
  sender: number,
  preparedCertificates: readonly Facts[] = [],
  view = 1,
  stable: Facts = START,
) => ({
  kind: 'view-change',
  sender,
  view,
  stable,
  preparedCertificates,
  envelope: digestOf(`view change ${sender} ${preparedCertificates.length}`),
})
export const leaves = (content: Facts) => ({ kind: 'view-change', content })

/** A backup that prepared batch A at 1. */
export function preparedBackup() {
  const one = replica(2)
  one.hear(prePrepare(1), ...votes('prepare', [1, 2, 3]))
  one.logs(accepted(1))
  one.logs(prepared([1, 2]))
  return one
}
