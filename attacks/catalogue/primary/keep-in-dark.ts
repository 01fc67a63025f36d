import { faultsMax } from '../../../src/base/quorum.ts'
import { type Attack, primaryAndBackups } from '../../language/attack.ts'
import { onSend, together } from '../../language/behaviour.ts'
import { all, latencyAtMost, windowMoved } from '../../language/expectations.ts'
import { drop } from '../../language/mutations.ts'
import { after, toVictims } from '../../language/predicates.ts'

/** Ticks into the attack at which it falls silent: the others have ordered for a while without those in the dark. */
const SILENT_FROM_TICKS = 60

export const keepInDark: Attack = {
  name: 'keep-in-dark',
  world: 'both',
  targets: ['liveness'],
  does: 'sends nothing to f correct replicas, and falls silent once the others have worked without them for a while',
  source: 'Berger, Reiser and Bessani, DSN 2021, on replicas in the dark',
  expects: 'the replicas left out have kept up through the others, and vote at once',
  traitors: primaryAndBackups,
  drawn: 'as primary',
  behaviour: () =>
    together(
      onSend(
        toVictims(({ n }) => faultsMax(n)),
        drop,
      ),
      onSend(after(SILENT_FROM_TICKS), drop),
    ),
  inspect: all(latencyAtMost(2_000), windowMoved),
}
