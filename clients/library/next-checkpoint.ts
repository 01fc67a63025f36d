/** Waiting for a checkpoint that covers all that was written before: its batches are filled up by ordered reads. */
import { setTimeout as wait } from 'node:timers/promises'
import { utf8 } from '../../src/base/bytes.ts'
import { CertifiedState, StateUnavailable } from './certified-state.ts'
import type { StoreClient } from './store-client.ts'

/** A key that nobody needs; the reads of it only fill batches. */
const FILLER = { kind: 'get', key: utf8('strategos checkpoint') } as const
/** The rounds in which the certificate is looked for once the batches are full, and the milliseconds between them. */
const ROUNDS_MAX = 100
const ROUND_PAUSE_MS = 50

const rounds = new WeakMap<StoreClient, Promise<CertifiedState>>()

/**
 * Opens the state of a checkpoint that covers everything that was answered before this call. Callers at the same moment
 * share one. Rejects with `StateUnavailable` or `OperationFailure`.
 */
export function nextCertifiedState(client: StoreClient): Promise<CertifiedState> {
  // A round that began before this call may end below what was written before it.
  const running = rounds.get(client)
  const round = (running ?? Promise.resolve(null)).catch(() => null).then(() => advance(client))
  if (running !== undefined) return round
  rounds.set(client, round)
  const end = (): boolean => rounds.delete(client)
  round.then(end, end)
  return round
}

async function advance(client: StoreClient): Promise<CertifiedState> {
  const { checkpointInterval } = client.connection.cluster
  let sequence = await fill(client)
  const due = Math.ceil(sequence / checkpointInterval) * checkpointInterval
  while (sequence < due) sequence = await fill(client)
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const state = await CertifiedState.open(client.connection).catch((error: unknown) => {
      if (error instanceof StateUnavailable) return null
      throw error
    })
    if (state !== null && state.checkpoint.sequence >= due) return state
    await wait(ROUND_PAUSE_MS)
  }
  throw new StateUnavailable(`the checkpoint at sequence number ${due} is not certified yet`)
}

/** Fills one batch. Returns the sequence number at or before which it was executed. */
async function fill(client: StoreClient): Promise<number> {
  const { receipt } = await client.executeProved(FILLER, { challenge: null })
  return receipt.says.sequence
}
