import type { Sequence } from '../../../src/base/ids.ts'
import { quorum } from '../../../src/base/quorum.ts'
import { decodeCited } from '../../../src/messages/cited.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onTick } from '../../language/behaviour.ts'
import { all, holds, noViewChange, refused, windowMoved } from '../../language/expectations.ts'

/** Checkpoints ahead of the last stable one. */
const FAR = 1_000

export const farCheckpoint: Attack = {
  name: 'far-checkpoint',
  world: 'both',
  targets: ['safety'],
  does: 'claims a checkpoint far ahead, with a certificate made of its own vote many times',
  source: 'Castro and Liskov, OSDI 1999, section 4.3',
  expects: "only a quorum's certificate moves the window or starts a transfer",
  mode: 'signed',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    onTick(10, ({ state, n, hash, seal, broadcast }) => {
      const { checkpointInterval } = state.config
      const sequence = (state.checkpoints.lowWatermark + FAR * checkpointInterval) as Sequence
      const root = hash(new Uint8Array(1))
      const claim = seal({ kind: 'checkpoint', sequence, root })
      const own = decodeCited(claim)
      if (own.kind !== 'checkpoint') return
      const checkpoints = Array.from({ length: quorum(n) }, () => own)
      broadcast(claim)
      broadcast(seal({ kind: 'stable-checkpoint', stable: { sequence, root, checkpoints } }))
    }),
  judge: all(refused('certificate-repeats-a-sender'), noViewChange),
  inspect: all(
    windowMoved,
    holds(
      ({ transfers }) => transfers.begun === 0,
      () => 'a correct replica began to fetch a state that nobody certified',
    ),
  ),
}
