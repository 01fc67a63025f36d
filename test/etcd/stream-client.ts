/** Calls with streams, for tests: one request, and its first answer. */

import { decodeMessage, encodeMessage } from '../../clients/etcd/schema/message-codec.ts'
import type { GrpcClient, Outcome } from './grpc-client.ts'
import { methodAt } from './grpc-client.ts'

/** Sends one request on a stream in both directions, and returns its first answer. */
export function callStream({ client }: GrpcClient, path: string, message: object): Promise<Outcome> {
  const { request, response } = methodAt(path)
  return new Promise((resolve) => {
    const call = client.makeBidiStreamRequest(
      path,
      (each: object) => Buffer.from(encodeMessage(request, each)),
      (bytes) => decodeMessage(response, bytes),
    )
    call.on('data', (answer: Record<string, unknown>) => resolve({ answer }))
    call.on('error', (error: { code: number; details: string }) =>
      resolve({ code: error.code, text: error.details }),
    )
    call.write(message)
    call.end()
  })
}
