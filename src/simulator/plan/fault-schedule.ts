/**
 * Applies faults. The traitors, the replicas that are down and the amnesiac ones are together never more than the plan
 * allows: a fault that would exceed this does not happen.
 */
import { assertNever } from '../../base/assert.ts'
import type { ReplicaId } from '../../base/ids.ts'
import type { Peer } from '../../ports.ts'
import type { Trace } from '../trace/trace.ts'
import type { VirtualTime } from '../world/virtual-clock.ts'
import type { VirtualNetwork } from '../world/virtual-network.ts'
import type { VirtualReplica } from '../world/virtual-replica.ts'
import type { PlannedAdversaries, Turn } from './adversaries.ts'
import { type Fault, type Plan, textOfFault } from './plan.ts'

export interface FaultTargets {
  /** Starts a second process with a client's key; false if there is no such client, or it has one already. */
  readonly twinClient: (twin: Fault & { readonly kind: 'twin-client' }) => boolean
  /** Restarts a client; false if there is no such client. */
  readonly restartClient: (client: number, losesCounter: boolean) => boolean
  readonly plan: Plan
  readonly time: VirtualTime
  readonly trace: Trace
  readonly network: VirtualNetwork
  readonly adversaries: PlannedAdversaries
  /** The replicas by id, without twins. */
  readonly replicas: readonly VirtualReplica[]
}

const peer = (id: ReplicaId): Peer => ({ kind: 'replica', id })

/** True if this replica may become faulty now, or is already. */
function maySuffer({ plan, replicas }: FaultTargets, replica: VirtualReplica): boolean {
  if (replica.isFaulty) return true
  return replicas.filter(({ isFaulty }) => isFaulty).length < plan.faultyMax
}

/** Applies a fault; false if f leaves no room for it. */
export function applyFault(targets: FaultTargets, fault: Fault): boolean {
  const { time, trace } = targets
  const isStruck = takesEffect(targets, fault)
  trace.note(time.now, `${isStruck ? 'fault' : 'no room in f for'} ${textOfFault(fault)}`)
  return isStruck
}

/** Returns true if it happened. */
function takesEffect(targets: FaultTargets, fault: Fault): boolean {
  switch (fault.kind) {
    case 'cut':
    case 'mend':
    case 'clog':
    case 'unclog':
    case 'clog-node':
    case 'unclog-node':
    case 'partition':
    case 'swallow':
      strikeNetwork(targets.network, fault)
      return true
    case 'turn':
      return turn(targets, fault)
    case 'restart-client':
      return targets.restartClient(fault.client, fault.losesCounter)
    case 'twin-client':
      return targets.twinClient(fault)
    case 'lull':
      heal(targets, targets.replicas)
      return true
    case 'storm':
      targets.network.conditions = targets.plan.network
      return true
    default:
      return strikeReplica(targets, targets.replicas[fault.replica] as VirtualReplica, fault)
  }
}

type NetworkFault = Extract<
  Fault,
  { kind: 'cut' | 'mend' | 'clog' | 'unclog' | 'clog-node' | 'unclog-node' | 'partition' | 'swallow' }
>

function strikeNetwork(network: VirtualNetwork, fault: NetworkFault): void {
  switch (fault.kind) {
    case 'cut':
    case 'mend': {
      const { from, to, kind } = fault
      return network.setCut({ from: peer(from), to: peer(to), isCut: kind === 'cut' })
    }
    case 'clog':
    case 'unclog': {
      const { from, to, kind } = fault
      return network.setClog({ from: peer(from), to: peer(to), isClogged: kind === 'clog' })
    }
    case 'clog-node':
    case 'unclog-node': {
      const { replica, kind } = fault
      return network.setClog({ from: peer(replica), to: null, isClogged: kind === 'clog-node' })
    }
    case 'partition':
      return network.partition(fault.reach)
    case 'swallow':
      return network.swallow(fault.reach, fault.withoutClients)
    default:
      return assertNever(fault)
  }
}

type ReplicaFault = Exclude<
  Fault,
  NetworkFault | { kind: 'turn' | 'restart-client' | 'twin-client' | 'lull' | 'storm' }
>

function strikeReplica(targets: FaultTargets, replica: VirtualReplica, fault: ReplicaFault): boolean {
  const mayCrash = (): boolean => maySuffer(targets, replica)
  switch (fault.kind) {
    case 'crash':
      if (!mayCrash()) return false
      replica.crash(fault)
      return true
    case 'crash-within':
      replica.arm(fault, mayCrash)
      return true
    case 'restart':
      if (replica.running !== null) return false
      replica.disk.setFull(null)
      replica.start()
      return true
    case 'lose-disk':
    case 'rot-log':
      if (!mayCrash()) return false
      replica.crash({ losesSent: false, loses: fault.kind === 'lose-disk' ? 'disk' : 'log' })
      return true
    case 'copy-disk':
      replica.disk.copy()
      return true
    case 'old-disk':
      if (!replica.disk.hasCopy || !mayCrash()) return false
      replica.crash({ losesSent: false, loses: 'recent' })
      return true
    case 'rot-pages':
      replica.disk.pages.rot(fault.share)
      return true
    case 'fill-disk':
      replica.disk.setFull(() => {
        replica.disk.setFull(null)
        if (!mayCrash()) return false
        replica.crash({ losesSent: false })
        return true
      })
      return true
    case 'slow-disk':
    case 'fast-disk':
      replica.disk.setSlow(fault.kind === 'slow-disk')
      return true
    case 'pause':
      replica.pause()
      return true
    case 'resume':
      replica.resume()
      return true
    case 'set-clock':
      replica.clock.set(fault.error)
      return true
    default:
      return assertNever(fault)
  }
}

function turn(targets: FaultTargets, fault: Turn): boolean {
  const { replicas, adversaries } = targets
  const replica = replicas[fault.replica] as VirtualReplica
  if (!replica.isCorrect || !maySuffer(targets, replica)) return false
  adversaries.begin(fault)
  replica.turn()
  return true
}

/** Heals everything: the network, the clocks, the disks, and replicas that are down, except those that stay down. */
export function calm(targets: FaultTargets): void {
  const { plan, time, trace, replicas } = targets
  trace.note(time.now, 'calm')
  const comeBack = replicas.filter(({ id, running }) => running !== null || !plan.staysDown.includes(id))
  heal(targets, comeBack)
}

/** Heals everything, and starts those of these replicas that are down. */
function heal({ plan, network, replicas }: FaultTargets, comeBack: readonly VirtualReplica[]): void {
  network.calm()
  for (const replica of replicas) {
    const error = plan.clocks[replica.id]?.calm
    if (error !== undefined) replica.clock.set(error)
    replica.disarm()
    replica.resume()
    replica.disk.setFull(null)
    replica.disk.setSlow(false)
    if (replica.running === null && comeBack.includes(replica)) replica.start()
  }
}
