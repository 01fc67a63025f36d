/**
 * The state of a replica (TOCS 2002 section 4.2): one mutable value, with a slice for each concern. Only `step` changes
 * it.
 */
import type { Hash } from '../base/hash.ts'
import type { Milliseconds, ReplicaId, Sequence } from '../base/ids.ts'
import { quorum } from '../base/quorum.ts'
import type { RequestName, RequestStanding } from '../base/request-standing.ts'
import { createBatch } from '../messages/batch.ts'
import type { Batch, CheckpointCertificate } from '../messages/message.ts'
import { type CatchUpState, createCatchUpState } from './catch-up/peer-progress.ts'
import {
  type CheckpointState,
  createCheckpointState,
  type TransferState,
} from './checkpoints/checkpoint-state.ts'
import { createDurabilityState, type DurabilityState } from './durability.ts'
import type { Effect } from './effects.ts'
import type { Mode } from './mode.ts'
import { ORAL } from './oral/oral-mode.ts'
import { createOralState, type OralState } from './oral/oral-state.ts'
import { createLeaseState, type LeaseState } from './ordering/clock-batches.ts'
import { KnownEvidence } from './ordering/known-evidence.ts'
import { createOrderingState, type OrderingState } from './ordering/ordering-state.ts'
import { createRequestState, type RequestState } from './ordering/request-state.ts'
import { createReadState, type ReadState } from './ordering/unordered-reads.ts'
import { createUnsyncedVoteState, type UnsyncedVoteState } from './ordering/unsynced-votes.ts'
import { createRecoveryState, type RecoveryState } from './recovery/recovery-state.ts'
import { SIGNED } from './signed/signed-mode.ts'
import { createPatience, type Patience } from './views/patience.ts'
import { createSuspicion, type Suspicion } from './views/suspicion.ts'
import { createViewState, type ViewState } from './views/view-state.ts'

export interface ReplicaConfig {
  readonly id: ReplicaId
  /** n = 3f + 1. */
  readonly n: number
  /** K */
  readonly checkpointInterval: number
  readonly hash: Hash
  /** The mode; signed by default. In oral mode no message can be shown to others. Section 4. */
  readonly mode?: 'signed' | 'oral'
  /**
   * The status of a request by the replicated sessions (rule 1.8), which is all that the protocol asks of the
   * application's state.
   */
  readonly standing: (request: RequestName) => RequestStanding
  /** True if reads are answered without ordering (rule 5.1). */
  readonly hasUnorderedReads?: boolean
  /** True if proposals and PREPAREs do not wait for the disk (rule 6.5). Only in signed mode. */
  readonly hasUnsyncedVotes?: boolean
  /** The time at which the next lease ends in the state that the replica starts from; see `LeaseState`. */
  readonly nextExpiry?: Milliseconds | null
  /** True if synced data was lost. The replica counts as faulty until it is healed (rule 6.4). */
  readonly isAmnesiac?: boolean
  /**
   * The certificate of the stored state that the replica starts from, if there is one. The log is replayed on top of
   * it.
   */
  readonly stored?: CheckpointCertificate
  /** True if the certificate is there but the stored state was lost, so that the state must be fetched. */
  readonly isStateLost?: boolean
  /** True if the cluster began with a state that this replica has lost, and no other state is stored. */
  readonly isFirstStateLost?: boolean
}

export interface ReplicaState {
  readonly config: ReplicaConfig
  /** The implementation of everything in which the modes differ. */
  readonly mode: Mode
  /** The batch that a NEW-VIEW chooses for a sequence number at which nothing prepared; never fetched or logged. */
  readonly nullBatch: Batch
  /** This replica's clock at the last tick, and the ticks since the start. */
  readonly clock: { now: Milliseconds; ticks: number }
  readonly requests: RequestState
  readonly leases: LeaseState
  readonly ordering: OrderingState
  readonly reads: ReadState
  readonly votes: UnsyncedVoteState
  readonly checkpoints: CheckpointState
  readonly transfer: TransferState
  readonly catchUp: CatchUpState
  readonly views: ViewState
  readonly patience: Patience
  readonly suspicion: Suspicion
  readonly evidence: KnownEvidence
  readonly recovery: RecoveryState
  readonly durability: DurabilityState
  /** The state of oral mode; only that mode reads it. */
  readonly oral: OralState
}

/** The initial state, which every replica has without a certificate. */
const FIRST_STATE: CheckpointCertificate = {
  sequence: 0 as Sequence,
  root: new Uint8Array(0),
  checkpoints: [],
}

export function createReplicaState(config: ReplicaConfig): ReplicaState {
  const { n, hash, isAmnesiac = false, stored = FIRST_STATE, isStateLost = false } = config
  const isOral = config.mode === 'oral'
  // A stored state that only W replicas vouched for is not stable: h then comes from the log. @rule 4.8
  const isStable = stored.sequence === 0 || stored.checkpoints.length >= quorum(n)
  const reached = isStateLost ? (0 as Sequence) : stored.sequence
  return {
    config,
    mode: isOral ? ORAL : SIGNED,
    nullBatch: createBatch(hash, 0 as Milliseconds, []),
    clock: { now: 0 as Milliseconds, ticks: 0 },
    requests: createRequestState(),
    leases: createLeaseState(config.nextExpiry ?? null),
    ordering: createOrderingState(n, reached, stored.sequence),
    reads: createReadState(stored.sequence),
    votes: createUnsyncedVoteState(),
    checkpoints: createCheckpointState(n, {
      stable: isStable ? stored : FIRST_STATE,
      ownRoots: new Map(reached === 0 ? [] : [[stored.sequence, stored.root]]),
      // In oral mode no certificate shows stability, so each replica sends its checkpoints again. @rule 4.8
      lastSent: isOral ? (0 as Sequence) : reached,
    }),
    transfer: { target: null, behind: null, isNeeded: config.isFirstStateLost === true },
    catchUp: createCatchUpState(n),
    views: createViewState(n),
    patience: createPatience(),
    suspicion: createSuspicion(n),
    evidence: new KnownEvidence(n, !isOral),
    recovery: createRecoveryState(isAmnesiac),
    durability: createDurabilityState(),
    oral: createOralState(n),
  }
}

/** The state and the collected effects of one step, passed to every handler. */
export interface Turn {
  readonly state: ReplicaState
  readonly effects: Effect[]
}
