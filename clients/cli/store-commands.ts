/** put, get, del, list, status: through a gateway. */
import type { Command } from 'commander'
import { OperatorError } from '../../src/base/operator-error.ts'
import { encodeKey } from '../gateway/key-path.ts'
import type { ClusterStatus } from '../library/cluster-status.ts'
import { keyOfName } from '../library/key-name.ts'
import { callGateway, type GatewayFlags, parsedAnswer, Refused } from './gateway-call.ts'
import { type ListFlags, listKeys } from './list-command.ts'
import { shared, store } from './options.ts'
import { statusText } from './status-text.ts'

interface KeyFlags extends GatewayFlags {
  readonly name?: true
  readonly ifRevision?: number
}

export function addStoreCommands(program: Command): void {
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .addOption(shared.directory())
      .addOption(store.url())
      .addOption(shared.json('print the answer as JSON'))
  const keyCommand = (name: string, description: string): Command =>
    command(name, description).option(
      '--name',
      'the key is written as answers and list write it: \\xFF for a byte, \\n, \\\\ for a backslash',
    )

  keyCommand('put <key> <value>', 'set a key; the value - is read from standard input')
    .addOption(store.ifRevision('only at this modification revision; 0: only a new key'))
    .action((key: string, value: string, flags: KeyFlags) =>
      run(async () => {
        const body =
          value === '-'
            ? await readInput()
            : wholeText(value, 'The value', 'give it on standard input, with - in its place')
        const answer = await callGateway(flags, { method: 'PUT', path: keyPath(key, flags), body })
        print(flags, answer, ({ revision, version }) => `revision ${revision}, version ${version}`)
      }),
    )

  keyCommand('get <key>', 'print the value of a key').action((key: string, flags: KeyFlags) =>
    run(async () => {
      const accept = flags.json ? 'application/json' : '*/*'
      const answer = await callGateway(flags, { method: 'GET', path: keyPath(key, flags), accept })
      process.stdout.write(answer)
      if (flags.json || process.stdout.isTTY) process.stdout.write('\n')
    }),
  )

  keyCommand('del <key>', 'delete a key')
    .addOption(store.ifRevision('only at this modification revision'))
    .action((key: string, flags: KeyFlags) =>
      run(async () => {
        const answer = await callGateway(flags, { method: 'DELETE', path: keyPath(key, flags) })
        print(flags, answer, ({ deleted }) => (deleted ? 'deleted' : 'there was no such key'))
      }),
    )

  keyCommand('list [prefix]', 'print the keys that begin with a prefix, one in a line')
    .option('--values', 'print the values too, behind a tab, written as keys are')
    .addOption(store.limit())
    .option('--all', 'print all of them')
    .addOption(store.cursor())
    .action((prefix: string | undefined, flags: KeyFlags & ListFlags) =>
      run(() => listKeys(prefix === undefined ? '' : encodeKey(keyOf(prefix, flags)), flags)),
    )

  command(
    'status',
    'who is primary, who lags, and why nothing moves when it does not; exits with 1 then',
  ).action((flags: GatewayFlags) =>
    run(async () => {
      const answer = await callGateway(flags, { method: 'GET', path: '/v1/status' })
      print(flags, answer, statusText)
      const { stalled } = JSON.parse(answer.toString('utf8')) as ClusterStatus
      if (stalled !== null) process.exitCode = 1
    }),
  )
}

/** The key stands in the query: in a path, proxies resolve `..` too. */
const keyPath = (key: string, flags: KeyFlags): string =>
  `/v1/kv?key=${encodeKey(keyOf(key, flags))}${flags.ifRevision === undefined ? '' : `&ifRevision=${flags.ifRevision}`}`

/** The bytes of a key on the command line: the text as it is, or what it is the name of. */
function keyOf(text: string, { name }: KeyFlags): Uint8Array {
  const whole = wholeText(text, 'The key', 'write it with --name, with \\xFF for a byte')
  if (name !== true) return Buffer.from(whole)
  const key = keyOfName(whole)
  if (key === null) {
    throw new OperatorError(
      `"${text}" is no name of a key: behind a backslash stands x and two digits, n, r, t or a backslash.`,
    )
  }
  return key
}

/** Node replaces bytes of arguments that are no UTF-8: what they were can no longer be told. */
function wholeText(text: string, said: string, instead: string): string {
  if (!text.includes('\uFFFD')) return text
  throw new OperatorError(`${said} has bytes that are no UTF-8, or the character U+FFFD: ${instead}.`)
}

async function run(command: () => Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

async function readInput(): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function print<T>(
  flags: GatewayFlags,
  bytes: Buffer,
  text: (answer: T & Record<string, unknown>) => string,
): void {
  const json = bytes.toString('utf8')
  const answer = parsedAnswer<T & Record<string, unknown>>(json)
  console.log(flags.json ? json : text(answer))
}
