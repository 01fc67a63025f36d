import { given } from '../../base/given.ts'
import { hasUnorderedReads, hasUnsyncedVotes } from '../../messages/cluster.ts'
import { createReplicaState, type ReplicaState } from '../../pbft/state.ts'
import type { ReplicaRuntimeOptions } from '../replica-runtime-options.ts'
import type { StoredState } from './stored-state.ts'

/** Returns the replica's state before its log is replayed on top of the stored state. */
export function initialStateOf(
  { id, cluster, suite, application, replay, clock }: ReplicaRuntimeOptions,
  stored: StoredState | null,
): ReplicaState {
  // The first state has no certificate, because the cluster file names its root.
  const certified = stored !== null && stored.stable.sequence > 0 ? stored : null
  const state = createReplicaState({
    id,
    n: cluster.replicas.length,
    checkpointInterval: cluster.checkpointInterval,
    hash: suite.hash,
    mode: cluster.mode,
    hasUnorderedReads: hasUnorderedReads(cluster),
    hasUnsyncedVotes: hasUnsyncedVotes(cluster),
    standing: (request) => application.standing(request),
    nextExpiry: application.nextExpiry,
    isAmnesiac: replay.beginning === 'amnesia',
    isFirstStateLost: cluster.restoredRoot !== undefined && certified === null && !stored?.snapshot,
    ...given({ stored: certified?.stable, isStateLost: certified && certified.snapshot === null }),
  })
  state.clock.now = clock.now()
  return state
}
