/** A client of etcd's services for tests: every method of the schema by its path. */
import { Client, credentials, type Metadata, type ServiceError } from '@grpc/grpc-js'
import { decodeMessage, encodeMessage } from '../../clients/etcd/schema/message-codec.ts'
import { loadMethods, type Method } from '../../clients/etcd/schema/schema.ts'

const METHODS = loadMethods()

/** The end of a call: its answer, or the code and the text of its error. */
export type Outcome =
  | { readonly answer: Record<string, unknown> }
  | { readonly code: number; readonly text: string }

export class GrpcClient {
  readonly client: Client

  constructor(url: string, channel = credentials.createInsecure()) {
    this.client = new Client(new URL(url).host, channel, {
      'grpc.max_receive_message_length': -1,
      // Otherwise all clients of a process share one connection.
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  call(path: string, request: object, metadata?: Metadata): Promise<Outcome> {
    const { request: asked, response } = methodAt(path)
    return new Promise((resolve) => {
      const done = (error: ServiceError | null, answer?: object): void =>
        resolve(
          error === null
            ? { answer: answer as Record<string, unknown> }
            : { code: error.code, text: error.details },
        )
      const write = (message: object): Buffer => Buffer.from(encodeMessage(asked, message))
      const read = (bytes: Buffer): object => decodeMessage(response, bytes)
      if (metadata === undefined) this.client.makeUnaryRequest(path, write, read, request, done)
      else this.client.makeUnaryRequest(path, write, read, request, metadata, done)
    })
  }

  close(): void {
    this.client.close()
  }
}

export function methodAt(path: string): Method {
  const method = METHODS.get(path)
  if (method === undefined) throw new Error(`the schema has no ${path}`)
  return method
}
