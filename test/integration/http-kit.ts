/** HTTP as it goes over the wire: the path unchanged, any method, any header. */
import { request } from 'node:http'

export interface RawAnswer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly bytes: Buffer
  /** The parsed body where it is JSON, else an empty object. */
  readonly json: Record<string, unknown>
}

export interface RawCall {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** One request whose target is `path` as it stands; `fetch` would resolve `..` in it. */
export function rawHttp(url: string, path: string, call: RawCall = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const { method = 'GET', headers = {}, body } = call
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, path, method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => {
        const bytes = Buffer.concat(chunks)
        const isJson = (response.headers['content-type'] ?? '').includes('json') && bytes.length > 0
        const json = isJson ? JSON.parse(bytes.toString('utf8')) : {}
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, json })
      })
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}
