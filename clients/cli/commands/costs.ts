/** costs: counts what agreement costs, beside what was proved. */
import type { Command } from 'commander'
import type { CostsFlags } from '../costs-command.ts'
import { analysis, shared } from '../options.ts'
import { reflow } from '../terminal.ts'

const HELP = `
Every figure is counted in a run, per decision; none is computed. Beside the messages stands
the closed form; a row whose messages or rounds differ from it fails the command.

messages  physical sends, none to oneself; of the store, the kinds that the row names
rounds    the round of the last decision, or the longest chain of messages of which each
          caused the next
bytes     of the classical algorithms the contents of messages, of the store whole frames with
          their tags
signed    signatures made, and checked; the mean, where a client may stop checking
macs      inside messages, made and checked: of the store in oral mode, one for each receiver,
          beside their closed forms below the table
tags      the MAC behind each frame of a link between processes, made and checked
hashes    SHA-256, of all processes together
cpu µs    processor time of all processes together, simulator included, in a run without
          counting; it differs from run to run

Exit codes: 0 every row is as proved, 1 a row differs, 2 wrong usage.`

export function addCostsCommand(program: Command): void {
  program
    .command('costs')
    .description('count what each agreement protocol and the store cost, and compare it with what was proved')
    .addOption(analysis.sizes())
    .addOption(shared.crypto())
    .addOption(analysis.eitherAuth())
    .addOption(shared.json('print the rows as JSON').conflicts('csv'))
    .addOption(analysis.csv())
    .addOption(shared.html('also write a page with charts, and one decision of each protocol drawn'))
    .addHelpText('after', () => reflow(HELP))
    .action(async (flags: CostsFlags) => (await import('../costs-command.ts')).costs(flags))
}
