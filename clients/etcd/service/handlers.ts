/** The methods of etcd's services that are answered here, each by the path of its calls. No transport is known here. */
import type { ServiceStore } from './answers.ts'
import { KvService } from './kv-service.ts'
import type { CompactionRequest, DeleteRangeRequest, PutRequest, RangeRequest } from './messages.ts'

/** Answers one call that has one request and one answer. Rejects with `EtcdError`. */
export type UnaryHandler = (request: unknown) => Promise<object>

/** The handlers of methods by their paths. */
export type Handlers = ReadonlyMap<string, UnaryHandler>

export function createHandlers(store: ServiceStore): Handlers {
  const kv = new KvService(store)
  return new Map<string, UnaryHandler>([
    ['/etcdserverpb.KV/Range', (request) => kv.range(request as RangeRequest)],
    ['/etcdserverpb.KV/Put', (request) => kv.put(request as PutRequest)],
    ['/etcdserverpb.KV/DeleteRange', (request) => kv.deleteRange(request as DeleteRangeRequest)],
    ['/etcdserverpb.KV/Compact', (request) => kv.compact(request as CompactionRequest)],
  ])
}
