/** Faults of replicas and links that last for a while. Times in milliseconds from the beginning of the attack. */
import { type ReplicaId, replicaIds } from '../../src/base/ids.ts'
import type { Fault, LinkFault } from '../../src/simulator/plan/plan.ts'
import type { Link } from './cluster-harness.ts'

/** From when to when something lasts. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Nothing gets from this replica to anybody, or to it, and nothing is lost. */
export const clogged = (replica: ReplicaId, { from, to }: Span): readonly Fault[] => [
  { kind: 'clog-node', replica, atMs: from },
  { kind: 'unclog-node', replica, atMs: to },
]

/** Loses what is sent to this replica or by it, clients' requests and answers apart. */
export const isolated = (n: number, replica: ReplicaId, { from, to }: Span): readonly Fault[] =>
  parted(n, [replica], { from, to })

/** The directions in which a network loses what passes between some replicas and the others. */
export type Ways = 'both ways' | 'to them' | 'from them'

/** The network swallows what passes between these replicas and the others, and connections in use are stuck from then on. */
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

/** These replicas reach one another, the others reach one another, and what is sent between the two is lost. */
export function parted(n: number, some: readonly ReplicaId[], { from, to }: Span): readonly Fault[] {
  const mask = some.reduce((bits, id) => bits | (1 << id), 0)
  const rest = ((1 << n) - 1) & ~mask
  const reach = replicaIds(n).map((id) => (some.includes(id) ? mask : rest))
  return [
    { kind: 'partition', reach, atMs: from },
    { kind: 'partition', reach: null, atMs: to },
  ]
}

/** Loses what is sent from one replica to the other. */
export const lossy = (
  link: { readonly from: ReplicaId; readonly to: ReplicaId },
  { from, to }: Span,
): readonly LinkFault[] => [
  { kind: 'cut', ...link, atMs: from },
  { kind: 'mend', ...link, atMs: to },
]

/** Loses what the two halves send each other, in both directions; everybody else reaches both. */
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

/** The power fails, and what the disk holds is there when it comes back. */
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
