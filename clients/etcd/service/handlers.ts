/** The supported methods of etcd's services, by the path of their calls, independent of the transport. */
import type { ServiceStore } from './answers.ts'
import { ClusterService, type ServiceCluster } from './cluster-service.ts'
import {
  type CampaignRequest,
  ElectionService,
  type LeaderRequest,
  type ProclaimRequest,
  type ResignRequest,
} from './election-service.ts'
import { EtcdError, etcdError } from './errors.ts'
import { KvService } from './kv-service.ts'
import {
  type LeaseGrantRequest,
  type LeaseRequest,
  LeaseService,
  type LeaseTimeToLiveRequest,
} from './lease-service.ts'
import { type LockRequest, LockService } from './lock-service.ts'
import { type HashKvRequest, type HealthCheckRequest, MaintenanceService } from './maintenance-service.ts'
import type {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from './messages.ts'
import type { WatchRequest } from './watch-messages.ts'
import { WatchService } from './watch-service.ts'

/**
 * Answers one call that has one request and one answer. Rejects with `EtcdError`. The signal says that nobody waits for
 * the answer any more.
 */
export type UnaryHandler = (request: unknown, signal: AbortSignal) => Promise<object>

/** The caller of a stream. */
export interface StreamCaller {
  /** Says that the call is over. */
  readonly signal: AbortSignal
  /** Ends the call at once: its caller does not read what waits for it. */
  cut(): void
}

/** Answers one call whose answer is a stream, until its requests end or its caller has left. */
export type StreamHandler = (requests: AsyncIterable<unknown>, caller: StreamCaller) => AsyncIterable<object>

/** The handlers of methods by their paths. */
export interface Handlers {
  /** The leader, which some callers want to be there for their calls. */
  readonly leader: Pick<ClusterService, 'hasLeader' | 'untilNoLeader'>
  readonly unary: ReadonlyMap<string, UnaryHandler>
  readonly streams: ReadonlyMap<string, StreamHandler>
}

export interface ServiceParts {
  readonly store: ServiceStore
  readonly cluster: ServiceCluster
}

export function createHandlers({ store, cluster }: ServiceParts): Handlers {
  const kv = new KvService(store)
  const lease = new LeaseService(store)
  const members = new ClusterService(store, cluster)
  const maintenance = new MaintenanceService(store, cluster)
  const election = new ElectionService(store)
  const unary = new Map<string, UnaryHandler>([
    ['/etcdserverpb.KV/Range', (request) => kv.range(request as RangeRequest)],
    ['/etcdserverpb.KV/Put', (request) => kv.put(request as PutRequest)],
    ['/etcdserverpb.KV/DeleteRange', (request) => kv.deleteRange(request as DeleteRangeRequest)],
    ['/etcdserverpb.KV/Txn', (request) => kv.txn(request as TxnRequest)],
    ['/etcdserverpb.KV/Compact', (request) => kv.compact(request as CompactionRequest)],
    ['/etcdserverpb.Lease/LeaseGrant', (request) => lease.grant(request as LeaseGrantRequest)],
    ['/etcdserverpb.Lease/LeaseRevoke', (request) => lease.revoke(request as LeaseRequest)],
    ['/etcdserverpb.Lease/LeaseTimeToLive', (request) => lease.timeToLive(request as LeaseTimeToLiveRequest)],
    ['/etcdserverpb.Lease/LeaseLeases', () => lease.leases()],
    ['/etcdserverpb.Cluster/MemberList', () => members.list()],
    ['/etcdserverpb.Maintenance/Status', () => maintenance.status()],
    ['/etcdserverpb.Maintenance/Alarm', () => maintenance.alarms()],
    ['/etcdserverpb.Maintenance/Defragment', () => maintenance.defragment()],
    ['/etcdserverpb.Maintenance/HashKV', (request) => maintenance.hashKv(request as HashKvRequest)],
    ['/etcdserverpb.Auth/AuthStatus', () => maintenance.authStatus()],
    ['/grpc.health.v1.Health/Check', (request) => maintenance.health(request as HealthCheckRequest)],
    ...lockHandlers(new LockService(store)),
    ...electionHandlers(election),
    ...WITH_USERS.map((path): [string, UnaryHandler] => [path, withUsers]),
    ...REFUSALS.map(([path, why]): [string, UnaryHandler] => [path, refusal(path, why)]),
  ])
  const streams = streamHandlers({ watch: new WatchService(store), lease, election, maintenance })
  return { leader: members, unary, streams }
}

interface StreamServices {
  readonly watch: WatchService
  readonly lease: LeaseService
  readonly election: ElectionService
  readonly maintenance: MaintenanceService
}

const streamHandlers = ({ watch, lease, election, maintenance }: StreamServices) =>
  new Map<string, StreamHandler>([
    [
      '/etcdserverpb.Watch/Watch',
      (requests, caller) => watch.watch(requests as AsyncIterable<WatchRequest>, caller),
    ],
    [
      '/etcdserverpb.Lease/LeaseKeepAlive',
      (requests) => lease.keepAlive(requests as AsyncIterable<LeaseRequest>),
    ],
    ['/etcdserverpb.Maintenance/Snapshot', () => maintenance.snapshot()],
    [
      '/grpc.health.v1.Health/Watch',
      (requests, { signal }) =>
        maintenance.watchHealth(requests as AsyncIterable<HealthCheckRequest>, signal),
    ],
    [
      '/v3electionpb.Election/Observe',
      (requests, { signal }) => election.observe(requests as AsyncIterable<LeaderRequest>, signal),
    ],
  ])

type NamedHandler = readonly [path: string, handler: UnaryHandler]

const lockHandlers = (lock: LockService): readonly NamedHandler[] => [
  ['/v3lockpb.Lock/Lock', (request, signal) => lock.lock(request as LockRequest, signal)],
  ['/v3lockpb.Lock/Unlock', (request) => lock.unlock(request as { key: Uint8Array })],
]

const electionHandlers = (election: ElectionService): readonly NamedHandler[] => [
  [
    '/v3electionpb.Election/Campaign',
    (request, signal) => election.campaign(request as CampaignRequest, signal),
  ],
  ['/v3electionpb.Election/Proclaim', (request) => election.proclaim(request as ProclaimRequest)],
  ['/v3electionpb.Election/Leader', (request) => election.leader(request as LeaderRequest)],
  ['/v3electionpb.Election/Resign', (request) => election.resign(request as ResignRequest)],
]

/** Methods that make sense only with users. */
const WITH_USERS: readonly string[] = [
  ...['AuthEnable', 'AuthDisable', 'Authenticate'],
  ...[
    'UserAdd',
    'UserGet',
    'UserList',
    'UserDelete',
    'UserChangePassword',
    'UserGrantRole',
    'UserRevokeRole',
  ],
  ...['RoleAdd', 'RoleGet', 'RoleList', 'RoleDelete', 'RoleGrantPermission', 'RoleRevokePermission'],
].map((method) => `/etcdserverpb.Auth/${method}`)

const withUsers: UnaryHandler = async () => {
  throw etcdError('authDisabled')
}

const FIXED = 'the members of a cluster are fixed when it is created'
/** The known methods that are not supported, with the reasons. */
const REFUSALS: readonly (readonly [string, string])[] = [
  ['/etcdserverpb.Cluster/MemberAdd', FIXED],
  ['/etcdserverpb.Cluster/MemberRemove', FIXED],
  ['/etcdserverpb.Cluster/MemberUpdate', FIXED],
  ['/etcdserverpb.Cluster/MemberPromote', FIXED],
  [
    '/etcdserverpb.Maintenance/MoveLeader',
    'the replicas change their primary themselves when it is slow or faulty',
  ],
  ['/etcdserverpb.Maintenance/Hash', 'it is the hash of one database file; HashKV is that of the keys'],
  ['/etcdserverpb.Maintenance/Downgrade', 'there is one version of the state'],
]

const refusal =
  (path: string, why: string): UnaryHandler =>
  async () => {
    throw new EtcdError('unimplemented', `etcdserver: ${path} is not served here: ${why}`)
  }
