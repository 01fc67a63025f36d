/** gRPC on the port of the gateway's server. */
import type { FastifyInstance } from 'fastify'
import type { CallCounts } from '../etcd/grpc/call-counts.ts'
import { GrpcServer } from '../etcd/grpc/grpc-server.ts'
import type { Handlers } from '../etcd/service/handlers.ts'
import { type Admission, TIMEOUTS } from './admission.ts'
import { sharePort } from './shared-port.ts'

export interface GrpcPortParts {
  readonly admission: Admission
  readonly counts: CallCounts
}

/** Has etcd's services answer where HTTP/2 is spoken on the port of a server. Called before its connections are watched. */
export function serveGrpc(
  server: FastifyInstance,
  etcd: Handlers,
  { admission, counts }: GrpcPortParts,
): void {
  const grpc = new GrpcServer(etcd, { gate: admission, counts, requestMs: TIMEOUTS.request })
  const stopSharing = sharePort(server.server, {
    onHttp2: (socket) => grpc.take(socket),
    timeoutMs: TIMEOUTS.headers,
  })
  server.addHook('preClose', async () => {
    stopSharing()
    grpc.close()
  })
}
