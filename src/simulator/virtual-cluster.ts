/** A whole cluster of virtual replicas with their network, built from a plan. */
import { assertNever } from '../base/assert.ts'
import { writeU32, writeU64 } from '../base/bytes.ts'
import { type ClientId, type ReplicaId, replicaIds, toTimestamp } from '../base/ids.ts'
import type { Random } from '../base/random.ts'
import { type Cluster, clusterClient, deriveClusterId } from '../messages/cluster.ts'
import { splitFrame } from '../messages/frame.ts'
import { FRAME_KINDS } from '../messages/kinds.ts'
import { isRejection } from '../messages/rejection.ts'
import { decodeReply } from '../messages/reply.ts'
import type { Peer, Signer } from '../ports.ts'
import { fastSuite } from './fast-suite.ts'
import type { Incident, Plan } from './plan.ts'
import { silence } from './rewrites.ts'
import type { Trace } from './trace.ts'
import { VirtualClock, type VirtualTime } from './virtual-clock.ts'
import { VirtualDisk } from './virtual-disk.ts'
import { type SentObserver, VirtualNetwork } from './virtual-network.ts'
import { type Sabotage, VirtualReplica } from './virtual-replica.ts'
import type { Watch } from './watch.ts'

const suite = fastSuite
const STORE_BYTES_MAX = 64 * 1024 * 1024
/** Replicas start within so many virtual milliseconds: their ticks do not fall together. */
const START_SPREAD_MS = 10

export interface VirtualCluster {
  readonly cluster: Cluster
  /** In the order of `cluster.clients`. */
  readonly clientSigners: readonly Signer[]
  readonly network: VirtualNetwork
  readonly replicas: readonly VirtualReplica[]
  /** Starts every replica, within the first milliseconds. */
  start(): void
  /** Lets one incident of the plan strike. */
  strike(incident: Incident): void
  /** Heals everything: the network, the clocks, and replicas that are down. */
  calm(): void
}

export function createVirtualCluster(context: {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly random: Random
  readonly watch: Watch
  readonly trace: Trace
  readonly sabotage: Sabotage
}): VirtualCluster {
  const { plan, time, random, watch, trace, sabotage } = context
  const identities = createIdentities(plan)
  const { cluster } = identities
  const network = new VirtualNetwork({
    time,
    random: random.fork(),
    peers: peersOf(cluster),
    onSent: replyObserver(watch, (id) => !plan.silent.includes(id)),
  })
  network.conditions = plan.network
  const replicas = cluster.replicas.map(({ id }) => {
    const isSilent = plan.silent.includes(id)
    return new VirtualReplica({
      id,
      cluster,
      suite,
      signer: identities.replicaSigners[id] as Signer,
      time,
      clock: new VirtualClock(time, plan.clocks[id]?.storm),
      disk: new VirtualDisk(time, random.fork(), plan.disk),
      network,
      watch,
      trace,
      rewrite: isSilent ? silence : null,
      sabotage,
    })
  })
  const replicaOf = (id: ReplicaId): VirtualReplica => replicas[id] as VirtualReplica

  return {
    cluster,
    clientSigners: identities.clientSigners,
    network,
    replicas,
    start() {
      for (const replica of replicas) time.after(random.next() * START_SPREAD_MS, () => replica.start())
    },
    strike(incident) {
      trace.note(time.now, `incident ${textOf(incident)}`)
      strike(incident, replicaOf, network)
    },
    calm() {
      trace.note(time.now, 'calm')
      network.calm()
      for (const replica of replicas) {
        const error = plan.clocks[replica.id]?.calm
        if (error !== undefined) replica.clock.set(error)
        if (replica.running === null) replica.start()
      }
    },
  }
}

function strike(
  incident: Incident,
  replicaOf: (id: ReplicaId) => VirtualReplica,
  network: VirtualNetwork,
): void {
  switch (incident.kind) {
    case 'crash':
      return replicaOf(incident.replica).crash({ losesSent: incident.losesSent })
    case 'restart':
      return replicaOf(incident.replica).start()
    case 'cut':
    case 'mend':
      return network.setCut({
        from: { kind: 'replica', id: incident.from },
        to: { kind: 'replica', id: incident.to },
        isCut: incident.kind === 'cut',
      })
    case 'partition':
      return network.partition(incident.sides)
    default:
      return assertNever(incident)
  }
}

/** An incident as the trace and a failure's description tell it. */
export function textOf(incident: Incident): string {
  switch (incident.kind) {
    case 'crash':
    case 'restart':
      return `${incident.kind} ${incident.replica}`
    case 'cut':
    case 'mend':
      return `${incident.kind} ${incident.from} to ${incident.to}`
    case 'partition':
      return `partition ${incident.sides === null ? 'ends' : incident.sides.join('')}`
    default:
      return assertNever(incident)
  }
}

function createIdentities({ seed, n, workload }: Plan): {
  readonly cluster: Cluster
  readonly replicaSigners: readonly Signer[]
  readonly clientSigners: readonly Signer[]
} {
  const secret = (role: number, index: number): Uint8Array => {
    const bytes = new Uint8Array(32)
    writeU64(bytes, 0, seed)
    writeU32(bytes, 8, role)
    writeU32(bytes, 12, index)
    return bytes
  }
  const replicaSigners = replicaIds(n).map((id) => suite.signer(secret(1, id)))
  const clientSigners = Array.from({ length: workload.clients }, (_, index) => suite.signer(secret(2, index)))
  const facts = {
    mode: 'signed',
    suite: 'simulated',
    nonce: secret(3, 0),
    replicas: replicaIds(n).map((id) => ({
      id,
      address: { host: 'simulated', port: id + 1 },
      publicKey: (replicaSigners[id] as Signer).publicKey,
      agreementKey: suite.agreementPublicKey(secret(4, id)),
    })),
    clients: clientSigners.map(({ publicKey }, index) => clusterClient(`client-${index}`, publicKey)),
    storeBytesMax: STORE_BYTES_MAX,
  } as const
  return {
    cluster: { ...facts, clusterId: deriveClusterId(suite.hash, facts) },
    replicaSigners,
    clientSigners,
  }
}

function peersOf({ replicas, clients }: Cluster): readonly Peer[] {
  return [
    ...replicas.map(({ id }): Peer => ({ kind: 'replica', id })),
    ...clients.map(({ id }): Peer => ({ kind: 'client', id })),
  ]
}

/** Shows the watch the replies that correct replicas put on the wire. */
function replyObserver(watch: Watch, isCorrect: (id: ReplicaId) => boolean): SentObserver {
  return ({ from, to, frame }) => {
    if (from.kind !== 'replica' || to.kind !== 'client' || frame[4] !== FRAME_KINDS.reply) return
    if (!isCorrect(from.id)) return
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
