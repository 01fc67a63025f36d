/** gRPC on the port of the gateway's server. */
import type { FastifyInstance } from 'fastify'
import { GrpcServer } from '../etcd/grpc/grpc-server.ts'
import type { Handlers } from '../etcd/service/handlers.ts'
import { TIMEOUTS } from './admission.ts'
import { sharePort } from './shared-port.ts'

/**
 * Serves etcd's services to connections that speak HTTP/2 on the port of a server. Call it before the connections are
 * watched.
 */
export function serveGrpc(server: FastifyInstance, etcd: Handlers): void {
  const grpc = new GrpcServer(etcd)
  const stopSharing = sharePort(server.server, {
    onHttp2: (socket) => grpc.take(socket),
    timeoutMs: TIMEOUTS.headers,
  })
  server.addHook('preClose', async () => {
    stopSharing()
    grpc.close()
  })
}
