/** The command bench: it measures a cluster of local processes in a new directory, and removes it. */
import type { Command } from 'commander'
import { bench } from '../bench-options.ts'
import type { CompareFlags } from '../compare-command.ts'
import type { EnduranceFlags } from '../endurance-command.ts'
import type { FailoverFlags } from '../failover-command.ts'
import { shared } from '../options.ts'
import type { StoreCostFlags } from '../store-cost-command.ts'
import type { ThroughputFlags } from '../throughput-command.ts'

/**
 * Requests that `bench endurance` keeps in flight. More of them would make larger batches, and so fewer checkpoints
 * for the same number of operations.
 */
const STEADY_CONCURRENCY = 32

export function addBenchCommand(program: Command): void {
  const parent = program
    .command('bench')
    .description('measure a cluster of local processes; without a command, its throughput')

  const benchmark = (name: string, description: string): Command =>
    parent
      .command(name, { isDefault: name === 'throughput' })
      .description(description)
      .addOption(shared.replicas())
      .addOption(shared.crypto())
      .addOption(bench.directory())

  benchmark('throughput', 'measure operations per second: in bundles of 1 and 64, and over HTTP')
    .addOption(shared.auth())
    .addOption(bench.seconds())
    .addOption(bench.rounds('number of rounds; the medians are reported'))
    .addOption(bench.clients())
    .addOption(bench.concurrency(128))
    .addOption(shared.json())
    .action(async (flags: ThroughputFlags) =>
      (await import('../throughput-command.ts')).benchThroughput(flags),
    )

  benchmark('failover', 'measure the time without writes after the primary is killed')
    .addOption(shared.auth())
    .addOption(bench.runs())
    .addOption(shared.json())
    .action(async (flags: FailoverFlags) => (await import('../failover-command.ts')).benchFailover(flags))

  benchmark('endurance', 'check that memory and disk stay flat under a long load')
    .addOption(shared.auth())
    .addOption(bench.operations())
    .addOption(bench.keys())
    .addOption(bench.valueBytes())
    .addOption(bench.clients())
    .addOption(bench.concurrency(STEADY_CONCURRENCY))
    .addOption(shared.storeAfter())
    .addOption(shared.json())
    .action(async (flags: EnduranceFlags) => (await import('../endurance-command.ts')).benchEndurance(flags))

  parent
    .command('store')
    .description(
      'measure the store alone: time of a put with its hashing, memory of a key and of an idle watch',
    )
    .addOption(shared.crypto())
    .addOption(bench.keyCounts())
    .addOption(bench.operations().default(100_000))
    .addOption(bench.valueBytes())
    .addOption(shared.json())
    .action(async (flags: StoreCostFlags) => (await import('../store-cost-command.ts')).benchStore(flags))

  benchmark('compare', 'compare signatures with MACs, measured in alternation')
    .addOption(bench.seconds())
    .addOption(bench.rounds('number of pairs of measurements'))
    .addOption(bench.clients())
    .addOption(bench.concurrency(128))
    .addOption(shared.json().conflicts('markdown'))
    .addOption(bench.markdown())
    .action(async (flags: CompareFlags) => (await import('../compare-command.ts')).compareAuth(flags))
}
