/** One call of a gateway over HTTP. The path goes out as it is: `fetch` and `undici.request` would resolve `..` in it. */
import { existsSync, readFileSync } from 'node:fs'
import { OperatorError } from '../../src/base/operator-error.ts'
import { runFile } from '../../src/io/cluster-directory.ts'

export interface GatewayFlags {
  readonly dir: string
  readonly url?: string
  readonly json?: true
}

export interface Call {
  readonly method: 'PUT' | 'GET' | 'DELETE'
  /** Path and query. */
  readonly path: string
  readonly body?: string | Uint8Array
  readonly accept?: string
}

/** A gateway's answer that is no success; the command prints its detail and exits with 1. */
export class Refused extends Error {}

/** Rejects with `Refused` for an answer that is no success, and with an `OperatorError` where there is no gateway. */
export async function callGateway(flags: GatewayFlags, asked: Call): Promise<Buffer> {
  const base = gatewayUrl(flags)
  const { method, path, body = null, accept = 'application/json' } = asked
  // Loaded here: no other command needs it, and it is large.
  const { Client } = await import('undici')
  const client = new Client(base.origin)
  let answer: { readonly statusCode: number; readonly bytes: Buffer }
  try {
    const response = await client.request({
      method,
      path: `${base.pathname.replace(/\/$/, '')}${path}`,
      body: body as Buffer | string | null,
      headers: { accept },
    })
    answer = { statusCode: response.statusCode, bytes: Buffer.from(await response.body.arrayBuffer()) }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new OperatorError(`The gateway at ${base.href} cannot be reached (${code ?? message}).`)
  } finally {
    await client.destroy()
  }
  if (answer.statusCode < 400) return answer.bytes
  throw new Refused(problemText(answer.bytes, flags))
}

function problemText(bytes: Buffer, { json }: GatewayFlags): string {
  const text = bytes.toString('utf8')
  if (json) return text
  try {
    const { code, detail, because } = JSON.parse(text) as { code: string; detail: string; because?: string }
    return `${code}: ${detail}${because === undefined ? '' : ` (${because})`}`
  } catch {
    return text
  }
}

function gatewayUrl({ url, dir }: GatewayFlags): URL {
  if (url !== undefined) return urlOf(url)
  if (!existsSync(runFile(dir))) {
    throw new OperatorError(
      `No cluster runs in ${dir}: start one with "strategos up", or name a gateway with --url.`,
    )
  }
  const path = runFile(dir)
  const running = parsed<{ gateway?: { url?: unknown } } | null>(readFileSync(path, 'utf8'))
  const found = running?.gateway?.url
  if (typeof found === 'string' && URL.canParse(found)) return urlOf(found)
  throw new OperatorError(
    `${path} does not name a gateway: name one with --url, or run "strategos up" again.`,
  )
}

/** The answer of a gateway; throws an `OperatorError` for what is not JSON and so none of its answers. */
export function parsedAnswer<T>(json: string): T {
  const answer = parsed<T>(json)
  if (answer !== undefined) return answer
  throw new OperatorError('What answers there is not a gateway of strategos: its answer is not JSON.')
}

/** Undefined for what is not JSON. */
function parsed<T>(json: string): T | undefined {
  try {
    return JSON.parse(json) as T
  } catch {
    return undefined
  }
}

function urlOf(text: string): URL {
  const isGood = /^https?:\/\//i.test(text) && URL.canParse(text)
  const url = isGood ? new URL(text) : null
  if (url === null || url.search !== '' || url.hash !== '') {
    throw new OperatorError(
      `--url is the address of a gateway, for example http://127.0.0.1:8080, and not "${text}".`,
    )
  }
  return url
}
