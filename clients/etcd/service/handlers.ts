/** The supported methods of etcd's services, by the path of their calls, independent of the transport. */
import type { ServiceStore } from './answers.ts'
import { ClusterService, type ServiceCluster } from './cluster-service.ts'
import { EtcdError, etcdError } from './errors.ts'
import { KvService } from './kv-service.ts'
import {
  type LeaseGrantRequest,
  type LeaseRequest,
  LeaseService,
  type LeaseTimeToLiveRequest,
} from './lease-service.ts'
import { type HealthCheckRequest, MaintenanceService } from './maintenance-service.ts'
import type {
  CompactionRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
} from './messages.ts'

import type { WatchRequest } from './watch-messages.ts'
import { WatchService } from './watch-service.ts'

/** Answers a unary call. Rejects with `EtcdError`. */
export type UnaryHandler = (request: unknown) => Promise<object>

/** Answers a bidirectional streaming call, until its requests end or the signal is aborted. */
export type StreamHandler = (requests: AsyncIterable<unknown>, signal: AbortSignal) => AsyncIterable<object>

/** The handlers of methods by their paths. */
export interface Handlers {
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
    ['/etcdserverpb.Auth/AuthStatus', () => maintenance.authStatus()],
    ['/grpc.health.v1.Health/Check', (request) => maintenance.health(request as HealthCheckRequest)],
    ...WITH_USERS.map((path): [string, UnaryHandler] => [path, withUsers]),
    ...REFUSALS.map(([path, why]): [string, UnaryHandler] => [path, refusal(path, why)]),
  ])
  const watch = new WatchService(store)
  const streams = new Map<string, StreamHandler>([
    [
      '/etcdserverpb.Watch/Watch',
      (requests, signal) => watch.watch(requests as AsyncIterable<WatchRequest>, signal),
    ],
    [
      '/etcdserverpb.Lease/LeaseKeepAlive',
      (requests) => lease.keepAlive(requests as AsyncIterable<LeaseRequest>),
    ],
  ])
  return { unary, streams }
}

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
  ['/etcdserverpb.Maintenance/Hash', 'replicas compare the roots of their states at every checkpoint'],
  ['/etcdserverpb.Maintenance/HashKV', 'replicas compare the roots of their states at every checkpoint'],
  ['/etcdserverpb.Maintenance/Downgrade', 'there is one version of the state'],
]

const refusal =
  (path: string, why: string): UnaryHandler =>
  async () => {
    throw new EtcdError('unimplemented', `etcdserver: ${path} is not served here: ${why}`)
  }
