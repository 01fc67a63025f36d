/** Disks that refuse a start: read-only or full. Each is one sentence and exit code 2, and nothing is harmed. */
import type { ChildProcess } from 'node:child_process'
import { afterEach, expect, test, vi } from 'vitest'
import { initCluster } from '../../replicas/init.ts'
import { hasNamespaces, traces } from '../io/other-process.ts'
import { deeper, IS_DEEP } from '../kit/depth.ts'
import { type Finished, http, ProcessKit, until } from './process-kit.ts'

vi.setConfig({ testTimeout: 300_000 })

let kit: ProcessKit
afterEach(() => kit?.cleanUp())

/** Runs a command in its own mount namespace. */
const inMounts = (script: string): readonly string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `${script} && exec "$@"`,
  'sh',
]
const readOnly = (directory: string): readonly string[] =>
  inMounts(`mount --bind '${directory}' '${directory}' && mount -o remount,bind,ro '${directory}'`)
/** A full disk that holds a copy of a directory. */
const full = (from: string, to: string): readonly string[] =>
  inMounts(
    `mount -t tmpfs -o size=128m none '${to}' && cp -a '${from}/.' '${to}/' && ` +
      `{ dd if=/dev/zero of='${to}/filler' bs=4k 2>/dev/null || true; }`,
  )

function expectSentence({ code, stdout, stderr }: Finished, pattern: RegExp): void {
  expect(stderr).toMatch(pattern)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(stderr).not.toMatch(/broken|\n\s+at /)
  expect(stdout).toBe('')
  expect(code).toBe(2)
}

const gateway = (directory: string): readonly string[] => ['gateway', '--dir', directory, '--port', '0']
const replicaOnly = (directory: string): readonly (readonly string[])[] => [
  ['replica', '--dir', directory, '--id', '0'],
]
const allCommands = (directory: string): readonly (readonly string[])[] => [
  ...replicaOnly(directory),
  gateway(directory),
  ['up', '--dir', directory, '--port', '0'],
]

/** All that `up` starts, once a value was written. */
async function clusterIn(directory: string): Promise<ChildProcess> {
  const { gateway: running, process: up } = await kit.up(directory)
  expect((await http(`${running.url}/v1/kv/a`, 'PUT', '1')).status).toBe(200)
  return up
}

/** The replica whose disk is to refuse, alone. */
async function replicaIn(directory: string): Promise<ChildProcess> {
  const [command = []] = replicaOnly(directory)
  const child = kit.start(...command)
  await until('the replica is ready', () => child.output.stdout.includes('"msg":"ready"'))
  return child
}

/** A cluster that ran, or one that was made and never started. */
async function cluster(hasRun: boolean): Promise<string> {
  const directory = kit.directory()
  await initCluster({ directory, replicas: 4, suite: 'sodium', basePort: 0 })
  if (!hasRun) return directory
  const running = await (IS_DEEP ? clusterIn(directory) : replicaIn(directory))
  const ended = new Promise((done) => running.once('exit', done))
  running.kill('SIGTERM')
  await ended
  return directory
}

// Skipped where this user or system cannot make namespaces.
test.skipIf(!hasNamespaces()).each([
  ['of a cluster that has run', true, deeper(replicaOnly, allCommands)],
  // The locks of replicas are made with the cluster, that of a client when it is first used.
  ['of a cluster that was never started', false, (directory: string) => [gateway(directory)]],
] as const)(
  'a read-only or full disk %s is named, and nothing on it changes',
  async (_, hasRun, commandsFor) => {
    kit = new ProcessKit()
    const directory = await cluster(hasRun)
    const copy = kit.directory()
    const before = traces(directory)
    for (const command of commandsFor(directory)) {
      expectSentence(await kit.runBehind(readOnly(directory), ...command), /the file system is read-only/)
    }
    for (const command of commandsFor(copy)) {
      expectSentence(
        await kit.runBehind(full(directory, copy), ...command),
        /(no space left|disk is full).*[Mm]ake room/,
      )
    }
    expect(traces(directory)).toEqual(before)
  },
)
