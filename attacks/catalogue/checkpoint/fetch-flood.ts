import type { Sequence } from '../../../src/base/ids.ts'
import { SERVED_DECISIONS_MAX, STATUS_BUSY_TICKS } from '../../../src/pbft/parameters.ts'
import { toReplica } from '../../language/adversary-context.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onTick } from '../../language/behaviour.ts'
import { all, holds, noViewChange } from '../../language/expectations.ts'

const FETCHES_PER_TICK = 40
/** The most messages that one correct replica serves one that asks and one that seems to lag, in a millisecond, each. */
const SERVED_PER_MS_MAX = SERVED_DECISIONS_MAX / (STATUS_BUSY_TICKS * 10)

export const fetchFlood: Attack = {
  name: 'fetch-flood',
  world: 'both',
  targets: ['resources'],
  does: 'requests old batches and pages from one correct replica as fast as it can',
  source: 'every question costs an answer more than it costs to ask',
  expects: 'a bounded number of requests per replica is answered, and the others are unaffected',
  exceeds: [
    {
      what: 'answers to one replica that asks, in 50 ms',
      limit: SERVED_DECISIONS_MAX,
      sent: FETCHES_PER_TICK * STATUS_BUSY_TICKS,
    },
  ],
  traitors: lastBackups,
  behaviour: () =>
    onTick(1, ({ state, victims: [victim], hash, random, seal, send }) => {
      if (victim === undefined) return
      const digest = hash(new Uint8Array(1))
      for (let count = 0; count < FETCHES_PER_TICK; count++) {
        const sequence = random.between(1, Math.max(1, state.ordering.lastExecuted)) as Sequence
        send({ to: toReplica(victim), frame: seal({ kind: 'fetch', sequence, digest }) })
      }
      const frame = seal({
        kind: 'page-fetch',
        sequence: state.checkpoints.lowWatermark,
        paths: [[], [0], [1]],
      })
      send({ to: toReplica(victim), frame })
    }),
  judge: noViewChange,
  inspect: all(
    holds(
      ({ served, traitors }) => traitors.some((id) => (served.get(id) ?? 0) > 0),
      () => 'nothing was served',
    ),
    holds(
      ({ served, traitors, attackedMs }) =>
        traitors.every((id) => (served.get(id) ?? 0) <= SERVED_PER_MS_MAX * (attackedMs + 100)),
      ({ served }) => `so much was served: ${[...served].map(([id, count]) => `${count} to ${id}`)}`,
    ),
  ),
}
