import type { Milliseconds, ReplicaId, Sequence, View } from '../../../src/base/ids.ts'
import { createBatch } from '../../../src/messages/batch.ts'
import type { OrderClaim } from '../../../src/messages/oral/message.ts'
import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'
import { type Change, drop, precededBy, set } from '../../language/mutations.ts'
import { after, and, isKind, whilePrimary } from '../../language/predicates.ts'

/** Ticks into the attack at which it stops proposing, so that its view ends and it can make its claim. */
const STOPS_AT_TICKS = 40

export const hiddenProposal: Attack = {
  name: 'hidden-proposal',
  world: 'both',
  targets: ['safety'],
  does: 'proposes a second batch to one replica, and claims in its VIEW-CHANGE that this one prepared',
  source: 'Castro and Liskov, TOCS 2002, section 4.5: a claim needs f + 1 that pre-prepared the same',
  expects: 'no NEW-VIEW chooses a batch that at most one correct replica received, and the view ends once',
  mode: 'oral',
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () => {
    const hidden = new Map<Sequence, OrderClaim>()
    let target: ReplicaId | null = null
    const other: Change = (content, { hash }) => {
      if (content.kind !== 'pre-prepare') return content
      const { view, sequence, batch } = content
      const changed = createBatch(hash, (batch.time + 1) as Milliseconds, batch.requests)
      hidden.set(sequence, { sequence, view, digest: changed.digest })
      return { ...content, batch: changed }
    }
    const claimHidden: Change = (content, { random }) => {
      if (content.kind !== 'oral-view-change') return content
      const isLate = random.chance(0.5)
      const claims = [...hidden.values()]
        .filter(({ sequence }) => sequence > content.lowWatermark)
        .map((claim) => (isLate ? { ...claim, view: (content.view - 1) as View } : claim))
        .sort((a, b) => a.sequence - b.sequence)
      return { ...content, preparedClaims: claims, prePrepareClaims: claims }
    }
    return together(
      onSend(and(isKind('pre-prepare'), whilePrimary, after(STOPS_AT_TICKS)), drop),
      onSend(
        and(isKind('pre-prepare'), whilePrimary, ({ peer }, { random, others }) => {
          target ??= random.pick(others)
          return peer.id === target
        }),
        precededBy(set(other)),
      ),
      onSend(isKind('oral-view-change'), precededBy(set(claimHidden))),
    )
  },
  judge: viewChanges(1),
}
