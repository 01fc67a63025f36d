import { given } from '../../base/given.ts'
import { hasUnorderedReads } from '../../messages/cluster.ts'
import { createReplicaState, type ReplicaState } from '../../pbft/state.ts'
import type { ReplicaRuntimeOptions } from '../replica-runtime-options.ts'
import type { StoredState } from './stored-state.ts'

/** Returns the replica's state before its log is replayed on top of the stored state. */
export function initialStateOf(
  { id, cluster, suite, application, replay, clock }: ReplicaRuntimeOptions,
  stored: StoredState | null,
): ReplicaState {
  const state = createReplicaState({
    id,
    n: cluster.replicas.length,
    checkpointInterval: cluster.checkpointInterval,
    hash: suite.hash,
    mode: cluster.mode,
    hasUnorderedReads: hasUnorderedReads(cluster),
    standing: (request) => application.standing(request),
    nextExpiry: application.nextExpiry,
    isAmnesiac: replay.beginning === 'amnesia',
    ...given({ stored: stored?.stable, isStateLost: stored && stored.snapshot === null }),
  })
  state.clock.now = clock.now()
  return state
}
