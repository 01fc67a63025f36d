/**
 * The notices of a replica for its operator, each one line of its log. A notice is a difference between two reports,
 * so that each change is logged once, however long it lasts.
 */
import type { ReplicaId } from '../src/base/ids.ts'
import { primaryOf } from '../src/base/quorum.ts'
import type { ReplicaCondition, ReplicaReport } from '../src/messages/report.ts'

export interface Notice {
  readonly level: 'info' | 'warn'
  /** A sentence without its full stop. */
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** Returns the notices of a replica among `n` whose report changed from `before` to `after`. */
export function noticesBetween(before: ReplicaReport, after: ReplicaReport, n: number): readonly Notice[] {
  return [
    ...noticesOfView(before, after, n),
    ...noticesOfCondition(before, after),
    ...noticesOfService(before, after),
    ...noticesOfPeers(before, after),
  ]
}

function noticesOfView(before: ReplicaReport, after: ReplicaReport, n: number): readonly Notice[] {
  const { view, isActive } = after
  if (view === before.view && isActive === before.isActive) return []
  const facts = { view, primary: primaryOf(view, n) }
  if (isActive) return [notice('info', 'a view has begun', facts)]
  return [notice('info', 'the view has ended; the replicas are changing to the next one', facts)]
}

const CONDITIONS: Readonly<Record<ReplicaCondition, readonly [Notice['level'], string]>> = {
  voting: ['info', 'this replica votes'],
  transferring: ['info', 'this replica lags and fetches the state of a checkpoint'],
  amnesiac: ['warn', 'this replica lost synced data and does not vote until it has recovered'],
  diverged: [
    'warn',
    'the state of this replica differs from the state of a quorum, so it fetches that state',
  ],
  recalling: ['info', 'this replica has restarted and asks the others which messages it sent before'],
}

function noticesOfCondition(before: ReplicaReport, after: ReplicaReport): readonly Notice[] {
  const { condition, lastExecuted, lowWatermark: stable } = after
  if (condition === before.condition) return []
  const [level, message] = CONDITIONS[condition]
  return [notice(level, message, { was: before.condition, lastExecuted, stable })]
}

function noticesOfService(before: ReplicaReport, after: ReplicaReport): readonly Notice[] {
  const wasStalled = before.stalledSince > 0
  const isStalled = after.stalledSince > 0
  if (wasStalled === isStalled) return []
  const { waiting, missing, lastExecuted } = after
  if (isStalled) return [notice('warn', 'a request is overdue', { waiting, missing })]
  return [notice('info', 'no request is overdue any more', { lastExecuted })]
}

function noticesOfPeers(before: ReplicaReport, after: ReplicaReport): readonly Notice[] {
  const of = (level: Notice['level'], message: string, ids: readonly ReplicaId[]): readonly Notice[] =>
    ids.map((peer) => notice(level, message, { peer }))
  const { cutOff, blacklisted } = after
  return [
    ...of('info', 'a link to a replica is up', added(before.reachable, after.reachable)),
    ...of('warn', 'a link to a replica is down', added(after.reachable, before.reachable)),
    ...of(
      'warn',
      'a replica is suspected: no message arrived from it in time',
      added(before.suspected, after.suspected),
    ),
    ...of('info', 'a replica is no longer suspected', added(after.suspected, before.suspected)),
    ...cutOff
      .filter(({ id, times }) => !before.cutOff.some((each) => each.id === id && each.times === times))
      .map(({ id, because, times }) =>
        notice('warn', 'the messages of a replica are refused for a while', { peer: id, because, times }),
      ),
    ...blacklisted
      .filter(({ replica }) => !before.blacklisted.some((each) => each.replica === replica))
      .map(({ replica, complaint }) =>
        notice('warn', 'a replica is passed over as primary for a while', {
          peer: replica,
          because: complaint,
        }),
      ),
  ]
}

const notice = (level: Notice['level'], message: string, facts: Notice['facts']): Notice => ({
  level,
  message,
  facts,
})

/** The ids in `now` that are not in `before`. */
const added = (before: readonly ReplicaId[], now: readonly ReplicaId[]): readonly ReplicaId[] =>
  now.filter((id) => !before.includes(id))
