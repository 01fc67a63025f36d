/** A whole cluster of virtual replicas with their network, built from a plan. */
import { writeU32, writeU64 } from '../../base/bytes.ts'
import { given } from '../../base/given.ts'
import { type ClientId, type ReplicaId, replicaIds, toTimestamp } from '../../base/ids.ts'
import type { Random } from '../../base/random.ts'
import {
  type AuthenticationMode,
  type Cluster,
  clusterClient,
  deriveClusterId,
  type ReadMode,
  type RequestMode,
  type VoteMode,
} from '../../messages/cluster.ts'
import { kindIn, splitFrame } from '../../messages/frame.ts'
import { unpackPayload } from '../../messages/payload.ts'
import { isRejection } from '../../messages/rejection.ts'
import { decodeReply } from '../../messages/reply.ts'
import type { CryptoSuite, Peer, Signer } from '../../ports.ts'
import type { Recomposition, RejectedMessage } from '../../runtime/replica-runtime-options.ts'
import type { InvariantMonitor } from '../checkers/invariant-monitor.ts'
import type { SituationObserver } from '../coverage/situation-observer.ts'
import { type AdversaryCatalogue, NO_ADVERSARIES, PlannedAdversaries } from '../plan/adversaries.ts'
import { applyFault, calm, type FaultTargets } from '../plan/fault-schedule.ts'
import { type Fault, type Plan, twinClientsOf } from '../plan/plan.ts'
import type { Trace } from '../trace/trace.ts'
import { simulatedSuites } from './fast-suite.ts'
import type { TrafficObserver } from './frame-traffic.ts'
import { VirtualClock, type VirtualTime } from './virtual-clock.ts'
import { VirtualDisk } from './virtual-disk.ts'
import type { SentObserver } from './virtual-link.ts'
import { VirtualNetwork } from './virtual-network.ts'
import { type Sabotage, VirtualReplica } from './virtual-replica.ts'

const STORE_BYTES_MAX = 64 * 1024 * 1024
/** The virtual milliseconds within which replicas start, so that their ticks do not coincide. */
const START_SPREAD_MS = 10

export interface VirtualCluster {
  readonly cluster: Cluster
  readonly suite: CryptoSuite
  /** In the order of `cluster.clients`: those of the load, then the extra clients. */
  readonly clientSigners: readonly Signer[]
  /** In the order of their ids. */
  readonly replicaSigners: readonly Signer[]
  /** X25519, in the order of the replicas' ids and of `cluster.clients`. */
  readonly agreementSecrets: Readonly<Record<Peer['kind'], readonly Uint8Array[]>>
  readonly network: VirtualNetwork
  readonly replicas: readonly VirtualReplica[]
  /** Second nodes of some replicas, with the same key and their own disks. */
  readonly twins: readonly VirtualReplica[]
  /** Starts every replica, within the first milliseconds. */
  start(): void
  /** Applies a fault of the plan. */
  strike(fault: Fault): void
  /** Heals everything: the network, the clocks, and replicas that are down. */
  calm(): void
}

export function createVirtualCluster(context: {
  readonly plan: Plan
  readonly identities: Identities
  readonly time: VirtualTime
  readonly random: Random
  readonly watch: InvariantMonitor
  readonly trace: Trace
  readonly sabotage: Sabotage
  /** Replicas that run twice with one key: traitors whose two halves are honest. */
  readonly twins?: readonly ReplicaId[]
  /** Replicas that are traitors from the beginning, whatever the plan says. */
  readonly adversaries?: ReadonlyMap<ReplicaId, Recomposition>
  /** The adversaries that the plan names. */
  readonly catalogue?: AdversaryCatalogue
  readonly onRejected?: (replica: ReplicaId, rejected: RejectedMessage) => void
  readonly observer?: SituationObserver
  /** Restarts a client; false if there is no such client. */
  readonly restartClient?: FaultTargets['restartClient']
  readonly twinClient?: FaultTargets['twinClient']
  /** Told of every frame between nodes. */
  readonly traffic?: TrafficObserver
}): VirtualCluster {
  const { plan, identities, time, random, watch, trace, sabotage, observer, twins: twinIds = [] } = context
  const suite = simulatedSuites[plan.suite]
  const { cluster } = identities
  const network = new VirtualNetwork({
    time,
    random: random.fork(),
    peers: peersOf(cluster, twinIds, twinClientsOf(plan)),
    onSent: answerObserver(watch, suite, (id) => replicas[id]?.isCorrect ?? false),
    ...given({ interventions: plan.interventions, traffic: context.traffic }),
  })
  network.conditions = plan.network
  const createReplica = (id: ReplicaId, twin: number): VirtualReplica => {
    const played = context.adversaries?.get(id)
    const adversary = played ?? planned.of(id)
    return new VirtualReplica({
      id,
      twin,
      cluster,
      suite,
      signer: identities.replicaSigners[id] as Signer,
      agreementSecret: identities.agreementSecrets.replica[id] as Uint8Array,
      time,
      clock: new VirtualClock(time, plan.clocks[id]?.storm),
      disk: new VirtualDisk(time, random.fork(), plan.disk),
      network,
      random: random.fork(),
      watch,
      trace,
      sabotage,
      isTraitor: twinIds.includes(id) || played !== undefined,
      ...given({ adversary }),
      onRejected: (rejected) => {
        observer?.onRejected(id, rejected)
        context.onRejected?.(id, rejected)
      },
      onSilentLink: () => observer?.onSilentLink(),
    })
  }
  const planned = new PlannedAdversaries(plan, context.catalogue ?? NO_ADVERSARIES)
  const replicas = cluster.replicas.map(({ id }) => createReplica(id, 0))
  const twins = twinIds.map((id) => createReplica(id, 1))
  const { restartClient = () => false, twinClient = () => false } = context
  const targets: FaultTargets = {
    plan,
    time,
    trace,
    network,
    replicas,
    adversaries: planned,
    restartClient,
    twinClient,
  }

  return {
    cluster,
    suite,
    clientSigners: identities.clientSigners,
    agreementSecrets: identities.agreementSecrets,
    replicaSigners: identities.replicaSigners,
    network,
    replicas,
    twins,
    start() {
      for (const replica of [...replicas, ...twins]) {
        time.after(random.next() * START_SPREAD_MS, () => replica.start())
      }
    },
    strike: (fault) => {
      if (applyFault(targets, fault)) observer?.onFault(fault)
    },
    calm: () => {
      observer?.onCalm()
      calm(targets)
    },
  }
}

/** The cluster's facts and keys. */
export interface Identities {
  readonly cluster: Cluster
  readonly replicaSigners: readonly Signer[]
  readonly clientSigners: readonly Signer[]
  /** The agreement secrets of the replicas, and those of the clients. */
  readonly agreementSecrets: Readonly<Record<Peer['kind'], readonly Uint8Array[]>>
}

/** Makes the facts and the keys of a plan's cluster from its seed, for some clients beyond those of the load. */
export function createIdentities(
  {
    seed,
    n,
    workload,
    checkpointInterval,
    suite: suiteName,
    mode = 'signed',
    requests = 'signed',
    reads = 'ordered',
    votes = 'synced',
  }: Pick<Plan, 'seed' | 'n' | 'checkpointInterval' | 'suite'> & {
    readonly workload: Pick<Plan['workload'], 'clients' | 'administrator'>
    readonly mode?: AuthenticationMode
    readonly requests?: RequestMode
    readonly reads?: ReadMode
    readonly votes?: VoteMode
  },
  suite: CryptoSuite,
  extraClients: number,
): Identities {
  const secret = (role: number, index: number): Uint8Array => {
    const bytes = new Uint8Array(32)
    writeU64(bytes, 0, seed)
    writeU32(bytes, 8, role)
    writeU32(bytes, 12, index)
    return bytes
  }
  const replicaSigners = replicaIds(n).map((id) => suite.signer(secret(1, id)))
  const clientSigners = Array.from({ length: workload.clients + extraClients }, (_, index) =>
    suite.signer(secret(2, index)),
  )
  const agreementSecrets = {
    replica: replicaIds(n).map((id) => secret(4, id)),
    client: clientSigners.map((_, index) => secret(5, index)),
  }
  const facts = {
    mode,
    requests,
    reads,
    votes,
    suite: suiteName,
    nonce: secret(3, 0),
    replicas: replicaIds(n).map((id) => ({
      id,
      address: { host: 'simulated', port: id + 1 },
      publicKey: (replicaSigners[id] as Signer).publicKey,
      agreementKey: suite.agreementPublicKey(agreementSecrets.replica[id] as Uint8Array),
    })),
    clients: clientSigners.map(({ publicKey }, index) => {
      const agreement = agreementSecrets.client[index] as Uint8Array
      const agreementKey = mode === 'oral' ? suite.agreementPublicKey(agreement) : null
      return clusterClient(`client-${index}`, publicKey, agreementKey, index === workload.administrator)
    }),
    storeBytesMax: STORE_BYTES_MAX,
    checkpointInterval,
  } as const
  return {
    cluster: { ...facts, clusterId: deriveClusterId(suite.hash, facts) },
    replicaSigners,
    clientSigners,
    agreementSecrets,
  }
}

function peersOf(
  { replicas, clients }: Cluster,
  twins: readonly ReplicaId[],
  twinClients: readonly number[],
): readonly Peer[] {
  return [
    ...replicas.map(({ id }): Peer => ({ kind: 'replica', id })),
    ...twins.map((id): Peer => ({ kind: 'replica', id })),
    ...clients.map(({ id }): Peer => ({ kind: 'client', id })),
    ...clients
      .filter((_, index) => twinClients.includes(index))
      .map(({ id }): Peer => ({ kind: 'client', id })),
  ]
}

/** Passes the replies and read answers that correct replicas send to the watch. */
function answerObserver(
  watch: InvariantMonitor,
  suite: CryptoSuite,
  isCorrect: (id: ReplicaId) => boolean,
): SentObserver {
  return ({ from, to, frame }) => {
    if (from.kind !== 'replica' || to.kind !== 'client' || !isCorrect(from.id)) return
    const kind = kindIn(frame)
    if (kind === 'read-answer') watch.onReadAnswer({ replica: from.id, ...readAnswerIn(frame) })
    if (kind !== 'reply') return
    const parts = splitFrame(frame)
    const reply = isRejection(parts) ? parts : decodeReply(parts, suite.hash)
    if (isRejection(reply)) return
    const { client, timestamp, requestDigest, resultDigest } = reply
    watch.onReply({
      replica: from.id,
      client: client satisfies ClientId,
      timestamp: toTimestamp(timestamp),
      requestDigest,
      resultDigest,
    })
  }
}

/** The place of the revision in the payload of a READ-ANSWER; the digest is behind it. */
const REVISION_AT = 3

/** Returns the facts of a READ-ANSWER: its revision, and whether it leaves its read to be ordered. */
function readAnswerIn(frame: Uint8Array): { readonly isRefused: boolean; readonly revision: number } {
  const parts = splitFrame(frame)
  const items = isRejection(parts) ? parts : unpackPayload(parts.payload)
  const [revision, digest] = isRejection(items) ? [] : items.slice(REVISION_AT)
  return { isRefused: !(digest instanceof Uint8Array) || digest.length === 0, revision: Number(revision) }
}
