import type { Milliseconds, Sequence, View } from '../../../src/base/ids.ts'
import { createBatch } from '../../../src/messages/batch.ts'
import { type AdversaryContext, toReplica } from '../../language/adversary-context.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend, onTick, together } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'
import { type Change, set } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

/** Reminds a replica that starts of votes that it never cast. */
const neverSaid: Change = (content, { state }) => {
  if (content.kind !== 'oral-recollection') return content
  const reminders = (['commit', 'prepare', 'view-change'] as const).map((kind) => ({
    kind,
    view: (state.views.view + 1) as View,
    sequence: (state.ordering.lastExecuted + 9) as Sequence,
  }))
  return { ...content, reminders }
}

function inventDecision({ state, random, hash, others, seal, send }: AdversaryContext): void {
  if (random.chance(0.7)) return
  const sequence = (state.ordering.lastExecuted + random.between(1, 4)) as Sequence
  const batch = random.chance(0.5) ? state.nullBatch : createBatch(hash, 1 as Milliseconds, [])
  const view = random.pick([state.views.view, state.views.view + random.between(1, 9), 2 ** 40]) as View
  const frame = seal({ kind: 'decision', view, sequence, batch, commits: [] })
  send({ to: toReplica(random.pick(others)), frame })
}

export const falseDecisions: Attack = {
  name: 'false-decisions',
  world: 'both',
  targets: ['safety'],
  does: 'reports decisions and views that never existed, and reminds replicas of votes that they never cast',
  source: 'a decision without a certificate is the word of one replica',
  expects: 'fewer than f + 1 claims are not believed, and no view changes',
  mode: 'oral',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => together(onSend(isKind('oral-recollection'), set(neverSaid)), onTick(1, inventDecision)),
  judge: noViewChange,
}
