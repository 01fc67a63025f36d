/** The command bench endurance: it loads a local cluster for long, and measures its memory and disk. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initCluster } from '../../replicas/init.ts'
import { replicaLog, replicaState } from '../../src/io/cluster-directory.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { STORE_AFTER_BYTES } from '../../src/runtime/replica-runtime.ts'
import {
  BUNDLE,
  type EnduranceResult,
  type EnduranceSample,
  largest,
  measureEndurance,
  STEPS,
} from '../bench/endurance.ts'
import { FailoverReplicas } from '../bench/failover-replicas.ts'
import { type Flatness, sparkline } from '../bench/flatness.ts'
import { describeMachine } from '../bench/machine.ts'
import { type Connection, openConnection } from '../library/connection.ts'
import { childArguments } from './child-arguments.ts'
import { factsText } from './facts-text.ts'
import { interruptible } from './process-end.ts'

const MIB = 1024 * 1024

export interface EnduranceFlags {
  readonly replicas: number
  readonly crypto: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  readonly operations: number
  readonly keys: number
  readonly valueBytes: number
  readonly clients: number
  readonly concurrency: number
  readonly storeAfterMib?: number
  readonly dir?: string
  readonly json?: true
}

/** Exits with 0 if memory and disk stayed flat, otherwise with 1. A signal removes everything too. */
export async function benchEndurance(flags: EnduranceFlags): Promise<void> {
  const { replicas: n, crypto: suite, auth, operations, keys, valueBytes, json } = flags
  const directory = mkdtempSync(join(flags.dir ?? tmpdir(), 'strategos-endurance-'))
  const storeAfterBytes = flags.storeAfterMib === undefined ? STORE_AFTER_BYTES : flags.storeAfterMib * MIB
  const replicas = new FailoverReplicas((id) => [
    ...childArguments(directory, { port: 0 }).replicaArguments(id),
    ...(flags.storeAfterMib === undefined ? [] : ['--store-after-mib', `${flags.storeAfterMib}`]),
  ])
  const interruption = interruptible()
  const connections: Connection[] = []
  try {
    const machine = describeMachine(directory)
    const storeAfterMib = storeAfterBytes / MIB
    const setting = { n, auth, suite, operations, keys, valueBytes, bundle: BUNDLE, storeAfterMib }
    if (!json) console.log(`${factsText(machine)}\n${factsText(setting)}\n\n${rowText(HEADINGS)}`)
    const names = Array.from({ length: flags.clients }, (_, index) => `bench-${index}`)
    const cluster = await initCluster({ directory, replicas: n, suite, auth, basePort: 0, clients: names })
    await Promise.all(cluster.replicas.map(({ id }) => replicas.start(id)))
    for (const name of names) connections.push(await openConnection({ directory, name }))
    const result = await measureEndurance({
      connections,
      replicas,
      operations,
      keys,
      valueBytes,
      storeAfterBytes,
      concurrency: flags.concurrency,
      directoriesOf: (id) => ({ log: replicaLog(directory, id), pages: replicaState(directory, id) }),
      onSample: (sample) => {
        if (!json) console.log(sampleText(sample))
      },
      signal: interruption.signal,
    })
    if (json) console.log(JSON.stringify({ machine, setting, ...result }, null, 2))
    else console.log(`\n${resultText(result)}`)
    process.exitCode = result.isFlat ? 0 : 1
  } finally {
    for (const connection of connections) await connection.close()
    await replicas.stop()
    rmSync(directory, { recursive: true, force: true })
    interruption.stop()
  }
}

const HEADINGS = ['operations', 'seconds', 'memory MiB', 'log MiB', 'pages MiB', 'h', 'view'] as const

const rowText = (cells: readonly string[]): string => cells.map((cell) => cell.padStart(10)).join('  ')

const mib = (bytes: number): string => (bytes / MIB).toFixed(1)

function sampleText(sample: EnduranceSample): string {
  const stables = sample.replicas.map(({ stable }) => stable)
  const views = sample.replicas.map(({ view }) => view ?? 0)
  return rowText([
    `${sample.operations}`,
    sample.seconds.toFixed(1),
    mib(largest('memoryBytes')(sample)),
    mib(largest('logBytes')(sample)),
    mib(largest('pageBytes')(sample)),
    // The replica that lags most.
    stables.includes(null) ? '?' : `${Math.min(...stables.map((stable) => stable ?? 0))}`,
    `${Math.max(...views)}`,
  ])
}

function resultText({ samples, opsPerSecond, refused, memory, log, pages, isFlat }: EnduranceResult): string {
  const course = (name: 'memoryBytes' | 'logBytes' | 'pageBytes'): string =>
    sparkline(samples.map(largest(name)))
  const trimmed = samples.at(-1)?.replicas.map(({ trimmedRecords }) => trimmedRecords) ?? []
  return `${opsPerSecond} op/s, ${refused} requests refused; largest figure of the replicas, from 0, at ${STEPS} steps:
memory  ${course('memoryBytes')}  ${flatnessText(memory)}
log     ${course('logBytes')}  ${flatnessText(log)}
pages   ${course('pageBytes')}  ${flatnessText(pages)}
records trimmed from the logs: ${trimmed.join(', ')}
${isFlat ? 'flat' : 'not flat'}`
}

const flatnessText = ({ before, after, most, isFlat }: Flatness): string =>
  `${mib(before)} MiB in the second quarter, ${mib(after)} in the last, at most ${mib(most)}: ${
    isFlat ? 'flat' : 'not flat'
  }`
