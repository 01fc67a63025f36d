/** A call of a gateway over HTTP. It sends the target unchanged; `fetch` would resolve `..` in a path. */
import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { given } from '../../src/base/given.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import { runFile } from '../../src/io/cluster-directory.ts'
import { reasonOf } from '../../src/io/system-error.ts'
import type { Endpoint } from '../api/endpoint.ts'
import { parsedJson } from '../library/answer-reader.ts'

export interface GatewayFlags {
  readonly dir: string
  readonly url?: string
  readonly token?: string
  /** Files in PEM: the authority of the gateway's certificate, and the caller's own certificate with its key. */
  readonly ca?: string
  readonly cert?: string
  readonly certKey?: string
  readonly json?: true
}

/** Flags of a command that writes. */
export interface WriteFlags extends GatewayFlags {
  readonly idempotencyKey?: string
}

/** Returns the headers of a write. */
export const writeHeaders = ({ idempotencyKey }: WriteFlags) => ({
  headers: given({ 'idempotency-key': idempotencyKey }) as Readonly<Record<string, string>>,
})

/** A call of an endpoint. Only the type of its declaration is imported. */
export interface Call<E extends Endpoint> {
  readonly method: E['method']
  readonly path: E['path']
  /**
   * The parameters: their values are percent-encoded, undefined ones are left out, and those that the path names are
   * put into it.
   */
  readonly query?: { readonly [Name in keyof E['parameters']]?: string | undefined }
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly accept?: string
}

/** An error answer of a gateway; the command prints its detail and exits with 1. */
export class Refused extends Error {}

/** The longest silence of a gateway, in milliseconds. A working gateway answers far sooner. */
const SILENCE_MS_MAX = 300_000

/** Runs a command; prints the problem if a gateway refuses its call, or if a proof is refused. */
export async function withGateway(command: () => Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

/** Calls a gateway. Rejects with `Refused` for an error answer, and with an `OperatorError` if there is no gateway. */
export async function callGateway<E extends Endpoint>(flags: GatewayFlags, call: Call<E>): Promise<Buffer> {
  const base = gatewayUrl(flags)
  const answer = await exchange(base, call, flags).then(received).catch(unreachable(base))
  if (answer.status < 400) return answer.bytes
  throw new Refused(problemText(answer.bytes, flags))
}

/** Returns an answer whose body streams, possibly without end. Rejects as `callGateway` does. */
export async function openGateway<E extends Endpoint>(
  flags: GatewayFlags,
  call: Call<E>,
): Promise<IncomingMessage> {
  const base = gatewayUrl(flags)
  const response = await exchange(base, call, flags).catch(unreachable(base))
  if ((response.statusCode ?? 0) < 400) return response
  const { bytes } = await received(response).catch(unreachable(base))
  throw new Refused(problemText(bytes, flags))
}

const unreachable =
  ({ href }: URL) =>
  ({ code = '', message }: NodeJS.ErrnoException): never => {
    if (code.startsWith('HPE_')) {
      throw new OperatorError(`The server at ${href} is not a strategos gateway: it does not speak HTTP.`)
    }
    if (DISTRUST.test(code)) {
      throw new OperatorError(
        `The certificate of the gateway at ${href} is not trusted (${code}): name the one that signed it with --ca.`,
      )
    }
    throw new OperatorError(`The gateway at ${href} cannot be reached (${code || message}).`)
  }

/** Codes of certificates that nobody known has signed, or of another host. */
const DISTRUST =
  /^(DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_|ERR_TLS_CERT_ALTNAME)/

interface Received {
  readonly status: number
  readonly bytes: Buffer
}

async function exchange<E extends Endpoint>(
  base: URL,
  call: Call<E>,
  flags: GatewayFlags,
): Promise<IncomingMessage> {
  const { method, body, headers: more, accept = 'application/json' } = call
  const { request } = base.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const path = `${base.pathname.replace(/\/$/, '')}${targetOf(call)}`
  const authorization = flags.token && `Bearer ${flags.token}`
  const headers = { ...more, accept, ...given({ authorization }) }
  const options = { method, path, agent: false, headers, ...certificatesOf(flags) }
  return new Promise((resolve, reject) => {
    const outgoing = request(base, options, (response) => {
      // From here on only the answer counts, even if the gateway did not read the whole body.
      outgoing.off('error', reject).on('error', () => {})
      resolve(response)
    })
    outgoing.once('error', reject)
    outgoing.setTimeout(SILENCE_MS_MAX, () => outgoing.destroy(new Error('it does not answer')))
    outgoing.end(body)
  })
}

function certificatesOf({ ca, cert, certKey }: GatewayFlags) {
  const read = (option: string, path: string | undefined): Buffer | undefined => {
    try {
      return path === undefined ? undefined : readFileSync(path)
    } catch (error) {
      throw new OperatorError(`${option}: ${path} cannot be read: ${reasonOf(error) ?? String(error)}.`)
    }
  }
  return given({ ca: read('--ca', ca), cert: read('--cert', cert), key: read('--cert-key', certKey) })
}

async function received(response: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }
}

/** The path and the query. */
function targetOf<E extends Endpoint>({ path: declared, query = {} }: Call<E>): string {
  const all = Object.entries(query).filter(([, value]) => value !== undefined)
  const given = all.filter(([name]) => !declared.includes(`{${name}}`))
  // The replacement is a function, because `$` has a meaning in a replacement string.
  const path = all.reduce<string>(
    (text, [name, value]) => text.replace(`{${name}}`, () => `${value}`),
    declared,
  )
  return given.length === 0 ? path : `${path}?${given.map(([name, value]) => `${name}=${value}`).join('&')}`
}

/** The detail of a problem document; the whole document with --json. */
export function problemText(bytes: Buffer, { json }: Pick<GatewayFlags, 'json'>): string {
  const text = bytes.toString('utf8')
  const problem = parsedJson(text) as { readonly [Name in 'code' | 'detail' | 'because']?: unknown } | null
  if (json || typeof problem?.code !== 'string') return text
  const { code, detail, because } = problem
  return `${code}: ${detail}${because === undefined ? '' : ` (${because})`}`
}

/** Returns the address of the gateway that the flags name. */
export function gatewayUrl({ url, dir }: GatewayFlags): URL {
  if (url !== undefined) return new URL(url)
  const path = runFile(dir)
  if (!existsSync(path)) {
    throw new OperatorError(
      `No cluster runs in ${dir}: start one with "strategos up", or name a gateway with --url.`,
    )
  }
  const running = parsedJson(readFileSync(path, 'utf8')) as { gateway?: { url?: unknown } } | null | undefined
  const found = running?.gateway?.url
  if (typeof found === 'string' && /^https?:\/\//i.test(found) && URL.canParse(found)) return new URL(found)
  throw new OperatorError(
    `${path} does not name a gateway: name one with --url, or run "strategos up" again.`,
  )
}
