/** Temporary faults of replicas and links. Times are in milliseconds from the beginning of the attack. */
import { type ReplicaId, replicaIds } from '../../src/base/ids.ts'
import type { Fault, LinkFault } from '../../src/simulator/plan/plan.ts'
import type { Link } from './cluster-harness.ts'

/** The beginning and the end of a fault. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Holds back everything to and from this replica, without losing it. */
export const clogged = (replica: ReplicaId, { from, to }: Span): readonly Fault[] => [
  { kind: 'clog-node', replica, atMs: from },
  { kind: 'unclog-node', replica, atMs: to },
]

/** Loses everything sent to or by this replica, except clients' requests and answers. */
export const isolated = (n: number, replica: ReplicaId, { from, to }: Span): readonly Fault[] =>
  parted(n, [replica], { from, to })

/** The directions in which a network loses traffic between some replicas and the others. */
export type Ways = 'both ways' | 'to them' | 'from them'

/**
 * The network silently drops traffic between these replicas and the others; connections in use stay stuck afterwards.
 */
export function swallowed(
  n: number,
  some: readonly ReplicaId[],
  { ways, from, to }: Span & { readonly ways: Ways },
): readonly Fault[] {
  const isLost = (sender: ReplicaId, receiver: ReplicaId): boolean =>
    directionsBetween(n, some, ways).some((each) => each.from === sender && each.to === receiver)
  const reach = replicaIds(n).map((sender) =>
    replicaIds(n).reduce((mask, receiver) => (isLost(sender, receiver) ? mask : mask | (1 << receiver)), 0),
  )
  return [
    { kind: 'swallow', reach, withoutClients: [], atMs: from },
    { kind: 'swallow', reach: null, withoutClients: [], atMs: to },
  ]
}

/** The directions between these replicas and the others. */
export function directionsBetween(n: number, some: readonly ReplicaId[], ways: Ways): readonly Link[] {
  const others = replicaIds(n).filter((id) => !some.includes(id))
  return some.flatMap((one) =>
    others.flatMap((other) => [
      ...(ways === 'to them' ? [] : [{ from: one, to: other }]),
      ...(ways === 'from them' ? [] : [{ from: other, to: one }]),
    ]),
  )
}

/** Partitions the network into these replicas and the others; traffic between them is lost. */
export function parted(n: number, some: readonly ReplicaId[], { from, to }: Span): readonly Fault[] {
  const mask = some.reduce((bits, id) => bits | (1 << id), 0)
  const rest = ((1 << n) - 1) & ~mask
  const reach = replicaIds(n).map((id) => (some.includes(id) ? mask : rest))
  return [
    { kind: 'partition', reach, atMs: from },
    { kind: 'partition', reach: null, atMs: to },
  ]
}

/** Loses everything sent from one replica to another. */
export const lossy = (
  link: { readonly from: ReplicaId; readonly to: ReplicaId },
  { from, to }: Span,
): readonly LinkFault[] => [
  { kind: 'cut', ...link, atMs: from },
  { kind: 'mend', ...link, atMs: to },
]

/** Loses everything that the two halves send each other; all other nodes reach both. */
export const apart = (
  [some, others]: readonly [readonly ReplicaId[], readonly ReplicaId[]],
  span: Span,
): readonly LinkFault[] =>
  some.flatMap((one) =>
    others.flatMap((other) => [
      ...lossy({ from: one, to: other }, span),
      ...lossy({ from: other, to: one }, span),
    ]),
  )

/** The power fails; the disk keeps its synced data. */
export const crashed = (replica: ReplicaId, { from, to }: Span): readonly Fault[] => [
  { kind: 'crash', replica, losesSent: false, atMs: from },
  { kind: 'restart', replica, atMs: to },
]

export const paused = (replica: ReplicaId, { from, to }: Span): readonly Fault[] => [
  { kind: 'pause', replica, atMs: from },
  { kind: 'resume', replica, atMs: to },
]

export const slowed = (replica: ReplicaId, { from, to }: Span): readonly Fault[] => [
  { kind: 'slow-disk', replica, atMs: from },
  { kind: 'fast-disk', replica, atMs: to },
]
