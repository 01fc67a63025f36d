/** The clients that carry the load of a run, and second processes with the key of one of them. */
import { assert } from '../../base/assert.ts'
import type { Random } from '../../base/random.ts'
import type { Peer } from '../../ports.ts'
import type { InvariantMonitor } from '../checkers/invariant-monitor.ts'
import type { Fault, Plan } from '../plan/plan.ts'
import { quietPhaseOf } from '../plan/quiet-phase.ts'
import type { Trace } from '../trace/trace.ts'
import { VirtualClient, type VirtualClientContext } from '../world/virtual-client.ts'
import { VirtualClock, type VirtualTime } from '../world/virtual-clock.ts'
import type { VirtualCluster } from '../world/virtual-cluster.ts'

export interface ClientsContext {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly trace: Trace
  readonly watch: InvariantMonitor
  readonly virtual: VirtualCluster
  readonly random: Random
  /** Called with every frame that a client receives. */
  readonly audit: { onClientFrame(from: Peer, frame: Uint8Array): void } | null
}

export function createClients(context: ClientsContext): VirtualClient[] {
  const { clients } = context.plan.workload
  return Array.from({ length: clients }, (_, key) => new VirtualClient(clientContext(context, key, key)))
}

/** The context of a client with this number that uses the key of client `key`. */
function clientContext(context: ClientsContext, key: number, index: number): VirtualClientContext {
  const { plan, time, trace, watch, virtual, random, audit } = context
  const { cluster, clientSigners, agreementSecrets, network, suite } = virtual
  const identity = cluster.clients[key]
  const signer = clientSigners[key]
  const agreementSecret = agreementSecrets.client[key]
  assert(identity !== undefined && signer !== undefined, 'each client has its keys')
  assert(agreementSecret !== undefined, 'each client has its secret')
  return {
    index,
    identity,
    cluster,
    suite,
    signer,
    agreementSecret,
    time,
    clock: new VirtualClock(time),
    network,
    random: random.fork(),
    workload: plan.workload,
    quiet: quietPhaseOf(plan),
    watch,
    trace,
    onFrame: audit === null ? null : (from, frame) => audit.onClientFrame(from, frame),
  }
}

/**
 * Starts a temporary second process with the key of a client. The two use the same timestamps, or learn of each other;
 * neither may get the other's answers. Returns false if the client has one already.
 */
export function addTwin(
  clients: VirtualClient[],
  { client, copiesCounter, lastsMs }: Fault & { readonly kind: 'twin-client' },
  context: ClientsContext,
): boolean {
  const first = clients[client]
  const isTaken = clients.some(({ twinOf, hasEnded }) => twinOf === client && !hasEnded)
  if (first === undefined || client >= context.plan.workload.clients || isTaken) return false
  const reservedUpTo = copiesCounter ? first.reservedUpTo : 0
  const twin = new VirtualClient({
    ...clientContext(context, client, clients.length),
    twin: { of: client, reservedUpTo },
  })
  for (const each of [first, twin]) each.share()
  clients.push(twin)
  context.time.after(lastsMs, () => twin.end())
  return true
}
