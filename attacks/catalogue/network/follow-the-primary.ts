import type { ReplicaId, View } from '../../../src/base/ids.ts'
import { primaryOf, rankedLargest, weakQuorum } from '../../../src/base/quorum.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { viewChanges } from '../../language/expectations.ts'

export const followThePrimary: Attack = {
  name: 'follow-the-primary',
  world: 'simulator',
  targets: ['liveness'],
  does: 'no traitor: the network holds back everything to and from the current primary, and delivers it once another leads',
  source: 'Miller and others, CCS 2016 (HoneyBadgerBFT), section 3: a scheduler that knows who leads',
  expects: 'service may stop until the network is calm, and nothing breaks; then all clients are answered',
  traitors: nobody,
  behaviour: () => together(),
  judge: viewChanges(2, 12),
  environment: {
    lasts: 2,
  },
  simulated: {
    reaction: ({ n }) => {
      let held: ReplicaId | null = null
      return ({ atMs, views }) => {
        // A replica that left its view alone is led by nobody.
        const view = rankedLargest(
          views.map((each) => each ?? 0),
          weakQuorum(n),
        )
        const leads = primaryOf(view as View, n)
        if (leads === held) return []
        const freed = held
        held = leads
        return [
          ...(freed === null ? [] : [{ kind: 'unclog-node', replica: freed, atMs } as const]),
          { kind: 'clog-node', replica: leads, atMs },
        ]
      }
    },
  },
}
