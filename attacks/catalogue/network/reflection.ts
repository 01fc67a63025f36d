import type { Sequence } from '../../../src/base/ids.ts'
import { SERVED_DECISIONS_MAX, STATUS_BUSY_TICKS } from '../../../src/pbft/parameters.ts'
import { toReplica } from '../../language/adversary-context.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onTick } from '../../language/behaviour.ts'
import { all, holds, noViewChange, refused } from '../../language/expectations.ts'

const FETCHES_PER_TICK = 8
/** The most messages that a replica which is never behind for long is sent all the same because it seems to be. */
const SERVED_MAX = 40

export const reflection: Attack = {
  name: 'reflection',
  world: 'both',
  targets: ['resources'],
  does: 'requests old batches and pages in the name of a correct replica, and reports it as behind',
  source: 'questions with a forged sender, as in floods by way of name servers',
  expects: 'the victim receives nothing that it did not ask for',
  exceeds: [
    {
      what: 'answers to one replica while it seems to lag, in 50 ms',
      limit: SERVED_DECISIONS_MAX,
      sent: FETCHES_PER_TICK * STATUS_BUSY_TICKS,
    },
  ],
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    onTick(1, ({ state, victims: [victim, ...others], hash, random, sealAs, send }) => {
      if (victim === undefined) return
      const { view } = state.views
      const { lastExecuted } = state.ordering
      const { lowWatermark } = state.checkpoints
      const none = new Uint8Array(0)
      const behind = {
        lowWatermark,
        lastExecuted: lowWatermark,
        accepted: none,
        prepared: none,
        committed: none,
      }
      const digest = hash(new Uint8Array(1))
      const sequence = random.between(1, Math.max(1, lastExecuted)) as Sequence
      const frames = [
        sealAs(victim, { kind: 'status', view, isActive: true, viewChanges: 0, complaint: null, ...behind }),
        ...Array.from({ length: FETCHES_PER_TICK }, () =>
          sealAs(victim, { kind: 'fetch', sequence, digest }),
        ),
        sealAs(victim, { kind: 'page-fetch', sequence: lowWatermark, paths: [[], [0], [1]] }),
      ]
      for (const id of others) for (const frame of frames) send({ to: toReplica(id), frame })
    }),
  judge: all(refused('sender-is-not-the-link'), noViewChange),
  inspect: holds(
    ({ served, traitors }) =>
      [...served].every(([id, count]) => traitors.includes(id) || count <= SERVED_MAX),
    ({ served }) => `so much was served: ${[...served].map(([id, count]) => `${count} to ${id}`)}`,
  ),
}
