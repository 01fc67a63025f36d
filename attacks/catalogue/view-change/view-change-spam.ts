import type { View } from '../../../src/base/ids.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onTick } from '../../language/behaviour.ts'
import { noViewChange } from '../../language/expectations.ts'

export const viewChangeSpam: Attack = {
  name: 'view-change-spam',
  world: 'both',
  targets: ['liveness'],
  does: 'asks for the next view, or for one far ahead, twenty times a second',
  source: 'Castro and Liskov, OSDI 1999, section 4.5.2',
  expects: 'no view changes for fewer than f + 1',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    onTick(
      5,
      ({
        state: {
          views: { view },
          checkpoints: { stable },
          config,
        },
        random,
        seal,
        broadcast,
      }) => {
        const wanted = (view + random.pick([1, 2, 1_000])) as View
        const claims = { view: wanted, preparedClaims: [], prePrepareClaims: [] }
        const { sequence: lowWatermark } = stable
        const checkpoints = lowWatermark === 0 ? [] : [stable]
        broadcast(
          config.mode === 'oral'
            ? seal({ kind: 'oral-view-change', lowWatermark, checkpoints, ...claims })
            : seal({ kind: 'view-change', view: wanted, stable, preparedCertificates: [] }),
        )
      },
    ),
  judge: noViewChange,
}
