import { toReplicaId } from '../../../src/base/ids.ts'
import type { Attack } from '../../language/attack.ts'
import { onReceive, onTick, together } from '../../language/behaviour.ts'
import { all, holds } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'
import { and, isKind, not, type When } from '../../language/predicates.ts'

/** The view that a healed replica begins with, where it lost its disk in view 1. */
const HEALED_VIEW = 3

const isHealed: When = (_, { state }) => state.views.view >= HEALED_VIEW

export const forgottenViewChange: Attack = {
  name: 'forgotten-view-change',
  world: 'simulator',
  targets: ['safety'],
  does: 'a replica loses its disk after a view change and heals; then the primary of that view replays what the replica had sent',
  source: 'a fork of a model of the obvious way to heal',
  expects: 'the healed replica votes only in views above every one of which it may have forgotten something',
  traitors: () => [toReplicaId(1)],
  behaviour: () => {
    const old: Uint8Array[] = []
    return together(
      onReceive(
        and(isKind('view-change', 'oral-view-change', 'commit', 'prepare'), not(isHealed)),
        ({ kind, frame }) => {
          if (kind === 'view-change' || kind === 'oral-view-change' || old.length < 64) old.push(frame)
        },
      ),
      onTick(5, ({ state, broadcast }) => {
        if (state.views.view < HEALED_VIEW) return
        for (const frame of old) broadcast(frame)
      }),
    )
  },
  inspect: all(
    holds(
      ({ healed }) => healed === 1,
      ({ healed }) => `${healed} replicas say that they were healed`,
    ),
    holds(
      ({ viewChanges }) => viewChanges >= HEALED_VIEW,
      ({ viewChanges }) => `the healed replica is in view ${viewChanges}`,
    ),
  ),
  simulated: {
    hasLateTraitors: true,
    faults: ({ first, last, lastsMs }) => [
      ...clogged(first, { from: 0, to: 0.35 * lastsMs }),
      { kind: 'lose-disk', replica: last, atMs: 0.4 * lastsMs },
      { kind: 'restart', replica: last, atMs: 0.42 * lastsMs },
    ],
  },
}
