/** Ways to break correct replicas, one for each invariant: each must be seen by its checker. */
import { flipped } from '../../attacks/language/mutations.ts'
import { type Milliseconds, type Sequence, toReplicaId, type View } from '../../src/base/ids.ts'
import type { ViewChangeContent } from '../../src/messages/content.ts'
import type { Batch, NewView } from '../../src/messages/message.ts'
import { wholePrePrepare } from '../../src/messages/pre-prepare.ts'
import type { Effect } from '../../src/pbft/effects.ts'
import { findBatch } from '../../src/pbft/ordering/ordering-state.ts'
import type { ReplicaState } from '../../src/pbft/state.ts'
import { EPOCH_MS } from '../../src/simulator/world/virtual-clock.ts'
import type { Sabotage } from '../../src/simulator/world/virtual-replica.ts'
import {
  oneVersionMore,
  staleReads,
  staleResults,
  withOutcomes,
  withoutExpiry,
} from './wrong-applications.ts'

export interface PlantedViolation {
  readonly invariant: number
  /** The checker's name. */
  readonly name: string
  readonly what: string
  readonly sabotage: Sabotage
  /** True if no other checker can see it, but for `alsoSeenBy`. */
  readonly isSeenByThisOnly?: true
  readonly alsoSeenBy?: string
  /** Part of what its checker says. */
  readonly says?: string
}

/** The replica that goes wrong where one is enough. A backup of view 0. */
const VICTIM = 1
const VICTIM_ID = toReplicaId(VICTIM)

/** Each effect becomes some effects, at every correct replica or at the victim only. */
function effectsBecome(
  change: (effect: Effect, state: ReplicaState) => readonly Effect[],
  where: 'everywhere' | 'victim' = 'victim',
): Sabotage {
  return {
    step: (replica, protocol) =>
      where === 'victim' && replica !== VICTIM
        ? protocol
        : (state, event) => protocol(state, event).flatMap((effect) => change(effect, state)),
  }
}

/** Logs the pre-prepare once more instead of the prepared certificate; the number of records stays. */
function withoutPrepared(effect: Effect, state: ReplicaState): readonly Effect[] {
  if (effect.kind !== 'persist' || effect.record.kind !== 'prepared') return [effect]
  const { prePrepare } = effect.record.certificate
  const batch = findBatch(state, prePrepare.sequence, prePrepare.digest)
  if (batch === null) return [effect]
  return [{ ...effect, record: { kind: 'accepted', prePrepare: wholePrePrepare(prePrepare, batch) } }]
}

/** Logs a NEW-VIEW that chose the batch instead of the pre-prepare with the batch itself. */
function withoutBatch(effect: Effect): readonly Effect[] {
  if (effect.kind !== 'persist' || effect.record.kind !== 'accepted') return [effect]
  const { prePrepare } = effect.record
  const { view, bytes } = prePrepare
  const newView = { view, bytes, contents: { viewChanges: [], prePrepares: [prePrepare] } }
  return [{ kind: 'persist', record: { kind: 'new-view', newView: newView as unknown as NewView } }]
}

/** The victim, or everybody, does this too at its so-manieth tick. */
function atTick(
  tick: number,
  added: (state: ReplicaState) => readonly Effect[],
  where: 'everywhere' | 'victim' = 'victim',
): Sabotage {
  return {
    step: (replica, protocol) => (state, event) => {
      const effects = protocol(state, event)
      const isMeant = event.kind === 'ticked' && state.clock.ticks === tick
      return isMeant && (where === 'everywhere' || replica === VICTIM)
        ? [...effects, ...added(state)]
        : effects
    },
  }
}

const viewChangeOf = ({ checkpoints: { stable } }: ReplicaState, view: number): ViewChangeContent => ({
  kind: 'view-change',
  view: view as View,
  stable,
  preparedCertificates: [],
})

const executedBatch =
  (change: (batch: Batch) => Batch) =>
  (effect: Effect): readonly Effect[] =>
    effect.kind === 'execute' ? [{ ...effect, batch: change(effect.batch) }] : [effect]

/** The batch with a time that runs a hundred times as fast since the beginning. */
const hurried = (batch: Batch): Batch => ({
  ...batch,
  time: (batch.time === 0 ? 0 : EPOCH_MS + 100 * (batch.time - EPOCH_MS)) as Milliseconds,
})
const NO_BITS = new Uint8Array(0)
const NO_OPERATIONS = Uint8Array.of(0, 0)

/** Evidence of what it holds: two votes of one replica, for two sequence numbers. */
function falseEvidence({ ordering: { slots } }: ReplicaState): readonly Effect[] {
  const votes = [...slots.values()].map(({ prepares }) => prepares[VICTIM] ?? null)
  const [first, second] = votes.filter((vote) => vote !== null)
  if (first === undefined || second === undefined) return []
  const evidence = { guilty: VICTIM_ID, first, second }
  return [{ kind: 'persist', record: { kind: 'evidence', evidence, isNew: true } }]
}

export const PLANTED_VIOLATIONS: readonly PlantedViolation[] = [
  {
    invariant: 1,
    name: 'agreement',
    what: 'a replica executes another batch',
    sabotage: effectsBecome(executedBatch((batch) => ({ ...batch, digest: flipped(batch.digest) }))),
  },
  {
    invariant: 2,
    name: 'total order',
    what: 'a replica executes the same batches to another state',
    sabotage: {
      application: (replica, inner) =>
        replica !== VICTIM
          ? inner
          : withOutcomes(
              inner,
              (outcomes) => outcomes,
              (batch) => ({
                ...batch,
                requests: batch.requests.map((request) => ({ ...request, operations: NO_OPERATIONS })),
              }),
            ),
    },
  },
  {
    invariant: 3,
    name: 'validity',
    what: 'all replicas execute operations that nobody asked for',
    sabotage: effectsBecome(
      executedBatch((batch) => ({
        ...batch,
        requests: batch.requests.map((request) => ({ ...request, operations: NO_OPERATIONS })),
      })),
      'everywhere',
    ),
  },
  {
    invariant: 4,
    name: 'exactly once',
    what: 'no replica recognises a request that it executed',
    sabotage: {
      ...effectsBecome(
        executedBatch((batch) => ({ ...batch, requests: [...batch.requests, ...batch.requests] })),
        'everywhere',
      ),
      application: (_replica, inner) =>
        withOutcomes(inner, (outcomes) => outcomes.map((outcome) => ({ ...outcome, standing: 'new' }))),
    },
  },
  {
    invariant: 5,
    name: 'one certificate',
    what: 'a replica logs a certificate for another batch',
    sabotage: effectsBecome((effect) => {
      if (effect.kind !== 'persist' || effect.record.kind !== 'decided') return [effect]
      const commits = effect.record.commits.map((vote) => ({ ...vote, digest: flipped(vote.digest) }))
      return [{ ...effect, record: { ...effect.record, commits } }]
    }),
  },
  {
    invariant: 5,
    name: 'one vote',
    what: 'a replica votes for two batches',
    sabotage: effectsBecome((effect) => {
      if (effect.kind !== 'broadcast' || effect.outgoing.kind !== 'commit') return [effect]
      const other = { ...effect.outgoing, digest: flipped(effect.outgoing.digest) }
      return [effect, { ...effect, outgoing: other }]
    }),
  },
  {
    invariant: 5,
    name: 'true evidence',
    what: 'a replica takes two votes that may both be given for evidence',
    sabotage: atTick(60, falseEvidence),
  },
  {
    invariant: 6,
    name: 'committed is prepared',
    what: 'replicas commit what they did not prepare',
    sabotage: effectsBecome(withoutPrepared, 'everywhere'),
  },
  {
    invariant: 7,
    name: 'lock',
    what: 'a NEW-VIEW forgets what was committed',
    sabotage: atTick(60, () => {
      const content = { kind: 'new-view', view: 1 as View, viewChanges: [], choices: [] } as const
      return [{ kind: 'persist', record: { kind: 'new-view-made', content } }]
    }),
  },
  {
    invariant: 8,
    name: 'nothing below a view change',
    what: 'a replica logs a VIEW-CHANGE and votes on',
    sabotage: atTick(3, (state) => [
      { kind: 'persist', record: { kind: 'view-change', content: viewChangeOf(state, 1) } },
    ]),
  },
  {
    invariant: 8,
    name: 'left for good',
    what: 'a replica says that it left for a far view, and batches are decided in the old one',
    sabotage: atTick(2, (state) => [{ kind: 'broadcast', outgoing: viewChangeOf(state, 9) }]),
  },
  {
    invariant: 9,
    name: 'equal roots',
    what: 'each replica has a root of its own',
    sabotage: atTick(
      5,
      ({ config }) => {
        const root = new Uint8Array(32).fill(config.id)
        return [{ kind: 'persist', record: { kind: 'checkpoint', sequence: 128 as Sequence, root } }]
      },
      'everywhere',
    ),
  },
  {
    invariant: 14,
    name: 'memory bounds',
    what: 'a replica remembers more checkpoints of a sender than it should',
    sabotage: atTick(5, ({ checkpoints: { received: checkpoints } }) => {
      const ofSender = checkpoints[2] as Map<Sequence, never>
      for (let sequence = 1; sequence <= 10; sequence++)
        ofSender.set((sequence * 128) as Sequence, {} as never)
      return []
    }),
  },
  {
    invariant: 8,
    name: 'never backwards',
    what: 'a replica returns to a view that it left',
    sabotage: {
      step: (replica, protocol) => (state, event) => {
        const effects = protocol(state, event)
        if (replica === VICTIM && event.kind === 'ticked')
          state.views.view = (state.clock.ticks === 5 ? 1 : 0) as View
        return effects
      },
    },
  },
  {
    invariant: 8,
    name: 'never backwards',
    what: 'a replica forgets an execution while it runs',
    sabotage: {
      step: (replica, protocol) => (state, event) => {
        const effects = protocol(state, event)
        if (replica === VICTIM && event.kind === 'ticked' && state.ordering.lastExecuted > 3) {
          state.ordering.lastExecuted = 2 as Sequence
        }
        return effects
      },
    },
  },
  {
    invariant: 10,
    name: 'acceptable certificates',
    what: 'a replica takes a quorum that is one too small',
    sabotage: effectsBecome((effect) =>
      effect.kind === 'persist' && effect.record.kind === 'decided'
        ? [{ ...effect, record: { ...effect.record, commits: effect.record.commits.slice(1) } }]
        : [effect],
    ),
  },
  {
    invariant: 10,
    name: 'acceptable certificates',
    what: 'a replica counts one PREPARE twice',
    sabotage: effectsBecome((effect) => {
      if (effect.kind !== 'persist' || effect.record.kind !== 'prepared') return [effect]
      const { certificate } = effect.record
      const [first, ...others] = certificate.prepares
      const prepares = first === undefined ? [] : [first, first, ...others.slice(1)]
      return [{ ...effect, record: { ...effect.record, certificate: { ...certificate, prepares } } }]
    }),
  },
  {
    invariant: 11,
    name: 'durable before send',
    what: 'a replica sends its PREPARE before the pre-prepare is on its disk',
    sabotage: effectsBecome((effect) => {
      if (effect.kind !== 'persist' || effect.record.kind !== 'accepted') return [effect]
      const { view, sequence, digest } = effect.record.prePrepare
      return [effect, { kind: 'broadcast', outgoing: { kind: 'prepare', view, sequence, digest } }]
    }),
  },
  {
    invariant: 11,
    name: 'durable before send',
    what: 'a replica never logs its prepared certificate',
    sabotage: effectsBecome(withoutPrepared),
  },
  {
    invariant: 11,
    name: 'durable before send',
    what: 'a replica votes for the choice of a NEW-VIEW whose batch is not on its disk',
    sabotage: effectsBecome(withoutBatch),
    says: 'but its batch was never logged',
  },
  {
    invariant: 12,
    name: 'equal replies',
    what: 'a replica answers something else',
    sabotage: {
      application: (replica, inner) =>
        replica !== VICTIM
          ? inner
          : withOutcomes(inner, (outcomes) =>
              outcomes.map((outcome) => ({
                ...outcome,
                results: outcome.results && Uint8Array.of(1, 2, 3),
              })),
            ),
    },
  },
  {
    invariant: 13,
    name: 'real-time order',
    what: 'all replicas agree on a stale answer',
    sabotage: { application: (_replica, inner) => staleResults(inner) },
  },
  {
    invariant: 13,
    name: 'clients history',
    what: 'all replicas give the same stale reads',
    sabotage: { application: (_replica, inner) => staleReads(inner) },
    isSeenByThisOnly: true,
    alsoSeenBy: 'follows the model',
  },
  {
    invariant: 16,
    name: 'follows the model',
    what: 'all replicas say of a put that its key has one version more',
    sabotage: { application: (_replica, inner) => oneVersionMore(inner) },
    isSeenByThisOnly: true,
    says: 'and must give {createRevision',
  },
  {
    invariant: 16,
    name: 'follows the model',
    what: 'all replicas are in no hurry to end a lease',
    sabotage: { application: (_replica, inner) => withoutExpiry(inner) },
    isSeenByThisOnly: true,
    says: 'the next lease ends at null, and must end at',
  },
  {
    invariant: 17,
    name: 'never early',
    what: 'all replicas agree on a time that runs a hundred times too fast',
    sabotage: effectsBecome(executedBatch(hurried), 'everywhere'),
    says: 'earlier than clocks allow',
  },
  {
    invariant: 15,
    name: 'specification',
    what: 'a replica says that it executed more than it did',
    sabotage: atTick(40, ({ views, ordering, checkpoints }) => [
      {
        kind: 'broadcast',
        outgoing: {
          kind: 'status',
          view: views.view,
          isActive: true,
          viewChanges: 0,
          complaint: null,
          lowWatermark: checkpoints.lowWatermark,
          lastExecuted: (ordering.lastExecuted + 1) as Sequence,
          accepted: NO_BITS,
          prepared: NO_BITS,
          committed: NO_BITS,
        },
      },
    ]),
    isSeenByThisOnly: true,
    says: 'it executed',
  },
]
