/**
 * The command bench failover: it kills the primary of a local cluster repeatedly, and measures the time without
 * writes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initCluster } from '../../replicas/init.ts'
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import {
  type FailoverResult,
  type FailoverRun,
  MEDIAN_MS_MAX,
  measureFailover,
  WORST_MS_MAX,
} from '../bench/failover.ts'
import { FailoverReplicas } from '../bench/failover-replicas.ts'
import { describeMachine } from '../bench/machine.ts'
import { childArguments } from './child-arguments.ts'
import { factsText } from './facts-text.ts'

const CLIENTS = ['bench-0', 'bench-1']

export interface FailoverFlags {
  readonly replicas: number
  readonly crypto: 'sodium' | 'noble'
  readonly auth: AuthenticationMode
  readonly runs: number
  readonly dir?: string
  readonly json?: true
}

/** Exits with 0 if every gap is within its bound, otherwise with 1. */
export async function benchFailover(flags: FailoverFlags): Promise<void> {
  const { replicas: n, crypto: suite, auth, runs, json } = flags
  const directory = mkdtempSync(join(flags.dir ?? tmpdir(), 'strategos-failover-'))
  const replicas = new FailoverReplicas(childArguments(directory, { port: 0 }).replicaArguments)
  try {
    const machine = describeMachine(directory)
    const setting = { n, auth, suite, runs }
    if (!json) console.log(`${factsText(machine)}\n${factsText(setting)}\n`)
    const cluster = await initCluster({ directory, replicas: n, suite, auth, basePort: 0, clients: CLIENTS })
    await Promise.all(cluster.replicas.map(({ id }) => replicas.start(id)))
    const result = await measureFailover({
      directory,
      clients: CLIENTS,
      replicas,
      runs,
      onRun: (run) => {
        if (!json) console.log(runText(run))
      },
    })
    if (json) console.log(JSON.stringify({ machine, setting, ...result }, null, 2))
    else console.log(`\n${verdictText(result)}`)
    process.exitCode = result.held ? 0 : 1
  } finally {
    await replicas.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

const runText = ({ run, primary, gapMs, wentOn, levelMs }: FailoverRun): string =>
  `run ${run}: replica ${primary} killed, ${
    wentOn ? `no write acknowledged for ${gapMs.toFixed(0)} ms` : 'writes did not resume without it'
  }, level ${levelMs.toFixed(0)} ms after its start`

const verdictText = ({ medianMs, worstMs, held }: FailoverResult): string =>
  `median ${medianMs.toFixed(0)} ms of ${MEDIAN_MS_MAX}, worst ${worstMs.toFixed(0)} ms of ${WORST_MS_MAX}: ${
    held ? 'held' : 'did not hold'
  }`
