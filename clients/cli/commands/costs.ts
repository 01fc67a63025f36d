/** The command costs: it counts the cost of agreement, and compares it with the proved bounds. */
import type { Command } from 'commander'
import type { CostsFlags } from '../costs-command.ts'
import { analysis, shared } from '../options.ts'
import { reflow } from '../terminal.ts'

const HELP = `
Every figure is counted in a run, per decision; none is computed. The closed form is printed
beside the messages; a row whose messages or rounds differ from it fails the command.

messages  physical sends, without sends to oneself; for the store, the kinds that the row names
rounds    the round of the last decision, or the longest chain of messages in which each
          causes the next
bytes     for the classical algorithms, the contents of messages; for the store, whole frames with
          their tags
signed    signatures made and signatures checked; the mean, where a client may stop checking early
macs      MACs inside messages, made and checked: for the store in oral mode, one for each receiver,
          with their closed forms below the table
tags      the MAC that ends each frame on a link between processes, made and checked
hashes    SHA-256 hashes, of all processes together
cpu µs    processor time of all processes together, simulator included, in a run without
          counting; it differs from run to run

Exit codes: 0 every row agrees with its bound, 1 a row differs, 2 wrong usage.`

export function addCostsCommand(program: Command): void {
  program
    .command('costs')
    .description(
      'count the messages and work of each agreement protocol and of the store, and compare them with proved bounds',
    )
    .addOption(analysis.sizes())
    .addOption(shared.crypto())
    .addOption(analysis.eitherAuth())
    .addOption(shared.json('print the rows as JSON').conflicts('csv'))
    .addOption(analysis.csv())
    .addOption(
      shared.html(
        'the file in which a page with charts is also written, with a diagram of one decision of each protocol',
      ),
    )
    .addHelpText('after', () => reflow(HELP))
    .action(async (flags: CostsFlags) => (await import('../costs-command.ts')).costs(flags))
}
