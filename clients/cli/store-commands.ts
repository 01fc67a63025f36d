/** put, get, del, list, status: through a gateway. */
import { existsSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { runFile } from '../../replicas/cluster-directory.ts'
import { OperatorError } from '../../src/base/operator-error.ts'
import type { Complaint } from '../../src/messages/message.ts'
import { encodeKey } from '../gateway/key-path.ts'
import type { ClusterStatus } from '../library/cluster-status.ts'
import { placeText } from '../library/evidence-text.ts'
import { directoryOption, wholeNumber } from './options.ts'

interface Flags {
  readonly dir: string
  readonly url?: string
  readonly json?: true
}

/** A gateway's answer that is no success; the command prints its detail and exits with 1. */
class Refused extends Error {}

export function addStoreCommands(program: Command): void {
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .addOption(directoryOption())
      .option('--url <url>', 'the gateway; else the one of the cluster directory')
      .option('--json', 'print the answer as JSON')

  command('put <key> <value>', 'set a key; the value - is read from standard input')
    .option('--if-revision <revision>', 'only at this modification revision; 0: only a new key', wholeNumber)
    .action((key: string, value: string, flags: Flags & { ifRevision?: number }) =>
      run(async () => {
        const body = value === '-' ? readFileSync(0) : value
        const answer = await call(flags, 'PUT', keyPath(key, flags.ifRevision), body)
        print(flags, answer, ({ revision, version }) => `revision ${revision}, version ${version}`)
      }),
    )

  command('get <key>', 'print the value of a key').action((key: string, flags: Flags) =>
    run(async () => {
      const accept = flags.json ? 'application/json' : '*/*'
      const answer = await call(flags, 'GET', keyPath(key), undefined, accept)
      process.stdout.write(answer)
      if (flags.json || process.stdout.isTTY) process.stdout.write('\n')
    }),
  )

  command('del <key>', 'delete a key')
    .option('--if-revision <revision>', 'only at this modification revision', wholeNumber)
    .action((key: string, flags: Flags & { ifRevision?: number }) =>
      run(async () => {
        const answer = await call(flags, 'DELETE', keyPath(key, flags.ifRevision))
        print(flags, answer, ({ deleted }) => (deleted ? 'deleted' : 'there was no such key'))
      }),
    )

  command('list [prefix]', 'print the keys that begin with a prefix')
    .option('--limit <items>', 'items of one page', wholeNumber, 100)
    .option('--cursor <cursor>', 'where an earlier page ended')
    .action((prefix: string | undefined, flags: Flags & { limit: number; cursor?: string }) =>
      run(async () => {
        const query = new URLSearchParams({ limit: `${flags.limit}` })
        if (flags.cursor !== undefined) query.set('cursor', flags.cursor)
        const path = `/v1/kv?${query}&prefix=${encodeKey(Buffer.from(prefix ?? ''))}`
        print(flags, await call(flags, 'GET', path), listText)
      }),
    )

  command('status', 'who is primary, who lags, and why nothing moves when it does not').action(
    (flags: Flags) => run(async () => print(flags, await call(flags, 'GET', '/v1/status'), statusText)),
  )
}

const keyPath = (key: string, ifRevision?: number): string =>
  `/v1/kv/${encodeKey(Buffer.from(key))}${ifRevision === undefined ? '' : `?ifRevision=${ifRevision}`}`

async function run(command: () => Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

async function call(
  flags: Flags,
  method: 'PUT' | 'GET' | 'DELETE',
  path: string,
  body?: string | Buffer,
  accept = 'application/json',
): Promise<Buffer> {
  const url = gatewayUrl(flags)
  // Loaded here: no other command needs it, and it is large.
  const { request } = await import('undici')
  let answer: { readonly statusCode: number; readonly bytes: Buffer }
  try {
    const response = await request(`${url}${path}`, { method, body: body ?? null, headers: { accept } })
    answer = { statusCode: response.statusCode, bytes: Buffer.from(await response.body.arrayBuffer()) }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new OperatorError(`The gateway at ${url} cannot be reached (${code ?? message}).`)
  }
  if (answer.statusCode < 400) return answer.bytes
  throw new Refused(problemText(answer.bytes, flags))
}

function problemText(bytes: Buffer, { json }: Flags): string {
  const text = bytes.toString('utf8')
  if (json) return text
  try {
    const { code, detail, because } = JSON.parse(text) as { code: string; detail: string; because?: string }
    return `${code}: ${detail}${because === undefined ? '' : ` (${because})`}`
  } catch {
    return text
  }
}

function gatewayUrl({ url, dir }: Flags): string {
  if (url !== undefined) return url.replace(/\/$/, '')
  if (!existsSync(runFile(dir))) {
    throw new OperatorError(
      `No cluster runs in ${dir}: start one with "strategos up", or name a gateway with --url.`,
    )
  }
  const { gateway } = JSON.parse(readFileSync(runFile(dir), 'utf8')) as { gateway: { url: string } }
  return gateway.url
}

function print<T>(flags: Flags, bytes: Buffer, text: (answer: T & Record<string, unknown>) => string): void {
  const json = bytes.toString('utf8')
  console.log(flags.json ? json : text(JSON.parse(json)))
}

function listText({ items, count, cursor }: Record<string, unknown>): string {
  const lines = (items as readonly { key: string; text?: string; value?: string }[]).map(
    ({ key, text, value }) => `${key}\t${text ?? `(base64) ${value}`}`,
  )
  const more = cursor === null ? '' : `\n… ${count} in all; continue with --cursor ${cursor}`
  return lines.join('\n') + more
}

/** What a replica is proved to have done, briefly. */
function guiltText([first, ...more]: ClusterStatus['replicas'][number]['evidence']): string {
  if (first === undefined) return ''
  return `, guilty: it signed ${placeText(first)}${more.length === 0 ? '' : `, and ${more.length} more such pairs`}`
}

const CUT_OFF_TEXTS = { 'fails-checks': 'it sends what fails its checks', floods: 'it floods' } as const

function cutOffText({ cutOffBy, clientsCutOff }: ClusterStatus['replicas'][number]): string {
  const [first] = cutOffBy
  const by = cutOffBy.map(({ id }) => id).join(', ')
  const away = first === undefined ? '' : `, cut off by ${by}: ${CUT_OFF_TEXTS[first.because]}`
  return clientsCutOff === 0 ? away : `${away}, ${clientsCutOff} clients cut off`
}

/** Why it does not lead for a while, briefly. */
const blacklistText = (complaints: readonly Complaint[]): string =>
  complaints.length === 0
    ? ''
    : `, not to lead: ${complaints.map((each) => COMPLAINT_TEXTS[each]).join(', ')}`

const COMPLAINT_TEXTS: Readonly<Record<Complaint, string>> = {
  slow: 'as primary it delivered less than others',
  late: 'as primary it proposed late',
  unfair: 'as primary it passed a client over',
  'two-faced': 'it signed two messages that contradict each other',
}

function statusText(answer: Record<string, unknown>): string {
  const status = answer as unknown as ClusterStatus
  const lines = status.replicas.map((replica) => {
    const { id, address, reachable, lastExecuted, stable, state, suspected, blacklisted, evidence } = replica
    const role = id === status.primary ? 'primary' : 'backup '
    const progress = reachable ? `executed ${lastExecuted}, stable ${stable}, ${state}` : 'no answer'
    const blame = `${suspected ? ', suspected' : ''}${cutOffText(replica)}${blacklistText(blacklisted)}${guiltText(evidence)}`
    return `  replica ${id}  ${role}  ${address}  ${progress}${blame}`
  })
  const { n, f, view, revision, stalled } = status
  const movement =
    stalled === null
      ? 'Requests are served.'
      : `Stalled since ${new Date(stalled.since).toISOString()}: ${stalled.because}.`
  return [`n = ${n}, f = ${f}, view ${view}, revision ${revision}`, ...lines, movement].join('\n')
}
