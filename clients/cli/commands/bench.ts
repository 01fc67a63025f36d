/** bench: a cluster of local processes in a directory of its own, measured and removed. */
import type { Command } from 'commander'
import type { CompareFlags } from '../compare-command.ts'
import type { EnduranceFlags } from '../endurance-command.ts'
import type { FailoverFlags } from '../failover-command.ts'
import { bench, shared } from '../options.ts'
import type { ThroughputFlags } from '../throughput-command.ts'

/** Requests that the endurance keeps under way. More make larger batches, and so fewer checkpoints in the same number of operations. */
const STEADY_CONCURRENCY = 32

export function addBenchCommand(program: Command): void {
  const parent = program
    .command('bench')
    .description('measure a cluster of local processes; without a name of a benchmark: throughput')

  const benchmark = (name: string, description: string): Command =>
    parent
      .command(name, { isDefault: name === 'throughput' })
      .description(description)
      .addOption(shared.replicas())
      .addOption(shared.crypto())
      .addOption(bench.directory())

  benchmark('throughput', 'operations per second: bundles of 1 and of 64 operations, and HTTP')
    .addOption(shared.auth())
    .addOption(bench.seconds())
    .addOption(bench.rounds('rounds of all measurements; the median of each is reported'))
    .addOption(bench.clients())
    .addOption(bench.concurrency(128))
    .addOption(shared.json())
    .action(async (flags: ThroughputFlags) =>
      (await import('../throughput-command.ts')).benchThroughput(flags),
    )

  benchmark('failover', 'how long writes stop when the primary is killed')
    .addOption(shared.auth())
    .addOption(bench.runs())
    .addOption(shared.json())
    .action(async (flags: FailoverFlags) => (await import('../failover-command.ts')).benchFailover(flags))

  benchmark('endurance', 'whether memory and disk stay flat under a long load')
    .addOption(shared.auth())
    .addOption(bench.operations())
    .addOption(bench.keys())
    .addOption(bench.valueBytes())
    .addOption(bench.clients())
    .addOption(bench.concurrency(STEADY_CONCURRENCY))
    .addOption(shared.storeAfter())
    .addOption(shared.json())
    .action(async (flags: EnduranceFlags) => (await import('../endurance-command.ts')).benchEndurance(flags))

  benchmark('compare', 'signatures and MACs in turn, pair by pair')
    .addOption(bench.seconds())
    .addOption(bench.rounds('pairs of measurements'))
    .addOption(bench.clients())
    .addOption(bench.concurrency(128))
    .addOption(shared.json().conflicts('markdown'))
    .option('--markdown', 'print a table for a text')
    .action(async (flags: CompareFlags) => (await import('../compare-command.ts')).compareAuth(flags))
}
