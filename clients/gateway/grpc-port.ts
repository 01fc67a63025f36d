/** gRPC on the port of the gateway's server, behind the guards of HTTP. */
import type { FastifyInstance } from 'fastify'
import type { CallCounts } from '../etcd/grpc/call-counts.ts'
import { type EnterCall, GrpcServer } from '../etcd/grpc/grpc-server.ts'
import { EtcdError, etcdError } from '../etcd/service/errors.ts'
import type { Handlers } from '../etcd/service/handlers.ts'
import { type Admission, TIMEOUTS } from './admission.ts'
import { type Doorkeeper, tokenIn } from './doorkeeper.ts'
import type { Encryption } from './encryption.ts'
import { Problem } from './problem.ts'
import { sharePort } from './shared-port.ts'

/** Methods that are answered to whoever asks: probes have no token, and the last one asks for it. */
const OPEN_METHODS: ReadonlySet<string> = new Set([
  '/grpc.health.v1.Health/Check',
  '/etcdserverpb.Auth/Authenticate',
])

export interface GrpcPortParts {
  readonly etcd: Handlers
  readonly doorkeeper: Doorkeeper
  readonly admission: Admission
  readonly counts: CallCounts
  readonly encryption: Encryption | null
}

/** Has etcd's services answer where HTTP/2 is spoken on the port of a server. Called before its connections are watched. */
export function serveGrpc(server: FastifyInstance, parts: GrpcPortParts): void {
  const { etcd, doorkeeper, admission, counts, encryption } = parts
  const grpc = new GrpcServer(etcd, {
    enter: entryBy(doorkeeper),
    gate: admission,
    counts,
    requestMs: TIMEOUTS.request,
  })
  const stopSharing = sharePort(server.server, {
    onHttp2: (socket) => grpc.take(socket),
    timeoutMs: TIMEOUTS.headers,
    encryption,
  })
  server.addHook('preClose', async () => {
    stopSharing()
    encryption?.close()
    grpc.close()
  })
}

function entryBy(doorkeeper: Doorkeeper): EnterCall {
  return ({ path, host, socket, header }) => {
    if (socket === undefined) throw etcdError('stopped')
    const token = header('token') ?? tokenIn(header('authorization'))
    // Without tokens here, none is a valid one: etcd says so too.
    if (token !== null && !doorkeeper.identities.hasTokens) throw etcdError('invalidToken')
    const askedBy = { host, origin: header('origin'), site: header('sec-fetch-site') }
    try {
      return doorkeeper.letIn({ askedBy, token, socket, isOpen: OPEN_METHODS.has(path) }).release
    } catch (error) {
      throw error instanceof Problem ? etcdErrorOf(error) : error
    }
  }
}

function etcdErrorOf({ code, message }: Problem): EtcdError {
  if (code === 'unauthenticated') return etcdError('invalidToken')
  if (code === 'busy') return etcdError('tooManyRequests')
  return new EtcdError('permission-denied', `etcdserver: permission denied: ${message}`)
}
