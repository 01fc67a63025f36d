import type { Sequence } from '../../../src/base/ids.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { viewChanges, windowMoved } from '../../language/expectations.ts'
import { clogged } from '../../language/faults.ts'
import { type Change, precededBy, set } from '../../language/mutations.ts'
import { isKind } from '../../language/predicates.ts'

/** A checkpoint above its own last one, at times as a stable one with nothing above it. */
const invented: Change = (content, { random, hash, state }) => {
  if (content.kind !== 'oral-view-change') return content
  const { lowWatermark, checkpoints } = content
  const sequence = (lowWatermark + state.config.checkpointInterval * random.between(1, 2)) as Sequence
  const one = { sequence, root: hash(Uint8Array.of(random.below(256))) }
  if (random.chance(0.5)) {
    return { ...content, checkpoints: [...checkpoints.filter((each) => each.sequence < sequence), one] }
  }
  return { ...content, lowWatermark: sequence, checkpoints: [one], preparedClaims: [], prePrepareClaims: [] }
}

export const inventedCheckpoints: Attack = {
  name: 'invented-checkpoints',
  world: 'simulator',
  targets: ['safety', 'liveness'],
  does: 'claims in its VIEW-CHANGEs checkpoints that no replica reached, sometimes as stable',
  source: 'Castro and Liskov, TOCS 2002, section 4.5: a checkpoint needs f + 1 that have it',
  expects: 'no view begins above a checkpoint that only it claims, and the window moves',
  mode: 'oral',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () => onSend(isKind('oral-view-change'), precededBy(set(invented))),
  judge: viewChanges(1, 2),
  inspect: windowMoved,
  simulated: {
    faults: ({ first, lastsMs }) => clogged(first, { from: 0.1 * lastsMs, to: 0.6 * lastsMs }),
  },
}
