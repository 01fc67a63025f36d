/** A moment of a run: where each replica stands after a number of steps, as a person looks at it. */
import { toHex } from '../../base/bytes.ts'
import type { ReplicaId } from '../../base/ids.ts'
import { hasDecidedBatch, isPrepared, type Slot, votesOf } from '../../pbft/ordering/slot.ts'
import { conditionOf } from '../../pbft/report.ts'
import { primary } from '../../pbft/views/view-state.ts'
import type { Simulation } from '../runs/simulate.ts'
import type { VirtualReplica } from '../world/virtual-replica.ts'

/** Digests are shown by their first bytes. */
const SHOWN_BYTES = 4
/** Sequence numbers that a replica's log shows: the last ones. */
const SLOTS_MAX = 12

/** The phases of a sequence number at a replica, in their order. */
export type SlotPhase = 'open' | 'pre-prepared' | 'prepared' | 'committed' | 'executed'

export interface SlotMoment {
  readonly sequence: number
  readonly phase: SlotPhase
  /** The beginning of the digest of its batch, in hexadecimal digits; null where none is known. */
  readonly digest: string | null
  /** The PREPAREs and COMMITs that are held. */
  readonly prepares: number
  readonly commits: number
}

export interface ReplicaMoment {
  readonly id: ReplicaId
  readonly isTraitor: boolean
  /** Null while the replica is down. */
  readonly state: RunningMoment | null
}

export interface RunningMoment {
  readonly view: number
  /** False between views. */
  readonly isActive: boolean
  readonly primary: ReplicaId
  readonly condition: string
  readonly lastExecuted: number
  /** h. */
  readonly lowWatermark: number
  /** The fingerprint of the replicated state; null in the middle of a batch. */
  readonly fingerprint: string | null
  /** Requests that wait, and the timer that runs for the oldest: ticks gone, and ticks in all. */
  readonly waiting: number
  readonly timer: { readonly ticks: number; readonly of: number } | null
  /** The replicas against which it holds evidence. */
  readonly guilty: readonly ReplicaId[]
  readonly slots: readonly SlotMoment[]
}

export interface Moment {
  readonly steps: number
  readonly atMs: number
  /** Over all steps so far. */
  readonly traceHash: string
  readonly replicas: readonly ReplicaMoment[]
}

export const shortDigest = (digest: Uint8Array): string => toHex(digest.subarray(0, SHOWN_BYTES))

/** Looks at a run, and changes nothing in it. */
export const momentOf = ({
  trace,
  time,
  virtual,
}: Pick<Simulation, 'trace' | 'time' | 'virtual'>): Moment => ({
  steps: trace.steps,
  atMs: time.now,
  traceHash: trace.hash,
  replicas: virtual.replicas.map((replica) => ({
    id: replica.id,
    isTraitor: !replica.isCorrect,
    state: runningMoment(replica),
  })),
})

function runningMoment({ running, isExecuting }: VirtualReplica): RunningMoment | null {
  if (running === null) return null
  const { state } = running.runtime
  const { views, ordering, checkpoints, requests, patience, clock, evidence } = state
  const { timer } = requests
  const slots = [...ordering.slots.values()].sort((a, b) => a.sequence - b.sequence)
  return {
    view: views.view,
    isActive: views.isActive,
    primary: primary(state),
    condition: conditionOf(state),
    lastExecuted: ordering.lastExecuted,
    lowWatermark: checkpoints.lowWatermark,
    fingerprint: isExecuting ? null : shortDigest(running.application.fingerprint()),
    waiting: requests.waiting.size,
    timer: timer === null ? null : { ticks: clock.ticks - timer.startedTick, of: patience.timeoutTicks },
    guilty: evidence.guilty,
    slots: slots.slice(-SLOTS_MAX).map(slotMoment),
  }
}

function slotMoment(slot: Slot): SlotMoment {
  const digest = slot.executed ?? slot.decided?.[0]?.digest ?? slot.accepted?.digest ?? null
  return {
    sequence: slot.sequence,
    phase: phaseOf(slot),
    digest: digest === null ? null : shortDigest(digest),
    prepares: votesOf(slot, 'prepare').filter((vote) => vote !== null).length,
    commits: votesOf(slot, 'commit').filter((vote) => vote !== null).length,
  }
}

function phaseOf(slot: Slot): SlotPhase {
  if (slot.executed !== null) return 'executed'
  if (slot.decided !== null || hasDecidedBatch(slot)) return 'committed'
  if (isPrepared(slot)) return 'prepared'
  return slot.accepted === null ? 'open' : 'pre-prepared'
}
