/** A replica that lost its log, with its recovery operation and the history that makes it recover (rule 6.4). */
import { CHECKPOINT_INTERVAL, LOG_WINDOW } from '../../src/messages/limits.ts'
import type { Batch } from '../../src/messages/message.ts'
import type { Effect } from '../../src/pbft/effects.ts'
import { RECOVERY_RETRY_TICKS } from '../../src/pbft/parameters.ts'
import type { ClusterKit } from './cluster-kit.ts'
import { FakeApplication } from './fake-application.ts'
import { effectsOf, ReplicaUnderTest, sentKinds } from './replica-kit.ts'

/** The view in which the recovery operation is decided. */
export const U = 2
/** The place at which it is executed, and the first checkpoint after which everything before it is history. */
export const AT = 5
export const HISTORY = Math.ceil((AT + LOG_WINDOW) / CHECKPOINT_INTERVAL) * CHECKPOINT_INTERVAL
const VOTES = ['pre-prepare', 'prepare', 'commit', 'checkpoint', 'view-change', 'new-view']

/** The kinds of the sent votes. */
export const votesIn = (effects: readonly Effect[]): string[] =>
  sentKinds(effects).filter((kind) => VOTES.includes(kind))

/** The requested recovery operations. */
export const askedBy = (effects: readonly Effect[]) =>
  effectsOf(effects, 'broadcast').flatMap(({ outgoing }) =>
    outgoing.kind === 'relayed' && outgoing.message.kind === 'request' ? [outgoing.message] : [],
  )

/** Replica 1 lost its log. */
export function createAmnesiaKit(kit: ClusterKit) {
  const batchAt = (sequence: number) => kit.batch([kit.request(0, { timestamp: sequence })])
  const amnesiac = () => new ReplicaUnderTest(kit, 1, { isAmnesiac: true })

  /** Batches 1 to `last`, including the recovery operation, with null batches after it. */
  const history = (operation: ReturnType<typeof kit.recoveryRequest>, last: number): Batch[] =>
    Array.from({ length: last }, (_, index) => {
      if (index + 1 === AT) return kit.batch([operation])
      return index + 1 < AT ? batchAt(index + 1) : kit.batch([], 0)
    })
  const rootsOf = (batches: readonly Batch[]) => {
    const application = new FakeApplication(kit)
    return batches.map((batch, index) => {
      application.execute((index + 1) as never, batch)
      return application.frozen()
    })
  }
  const asked = kit.recoveryRequest(1, 0) // the first that a ReplicaUnderTest makes
  const batches = history(asked, HISTORY)
  const states = rootsOf(batches)
  const certificateAt = (sequence: number) =>
    kit.certificate(sequence, states[sequence - 1]?.root ?? new Uint8Array(32))
  const decidedAt = (sequence: number) =>
    kit.decision({ view: U, sequence, batch: batches[sequence - 1] ?? kit.batch([], 0) })

  /** Requests the recovery operation, and executes everything up to `last`. */
  const recovering = (last: number, replica = amnesiac()): ReplicaUnderTest => {
    replica.tickHearing(RECOVERY_RETRY_TICKS)
    for (let sequence = 1; sequence <= last; sequence++) replica.receive(decidedAt(sequence))
    replica.settle()
    return replica
  }
  const healed = (): ReplicaUnderTest => {
    const replica = recovering(HISTORY)
    replica.receive(kit.stableCheckpoint(2, certificateAt(HISTORY)))
    replica.tickHearing()
    return replica
  }
  return { batchAt, amnesiac, history, rootsOf, states, certificateAt, decidedAt, recovering, healed }
}
