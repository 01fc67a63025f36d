/** The command classics: the gallery of classical algorithms. */
import type { Command } from 'commander'
import type { ClassicsFlags } from '../classics-command.ts'
import { classics as options } from '../classics-options.ts'
import { shared } from '../options.ts'
import { reflow } from '../terminal.ts'

const HELP = `
Without a name, it lists the algorithms. With a name, it runs the algorithm once and prints the
space-time diagram: a column for each process, then the Lamport clock and the vector clock of
each event, and the event. Without a name, --explore prints a table: the counts of each algorithm,
the number of its explored runs, and both verdicts.

Exit codes: 0 the run agrees with the theorem (with --break: the algorithm breaks as proved),
1 it does not, 2 wrong usage.`

export function addClassicsCommand(program: Command): void {
  program
    .command('classics')
    .description(
      'run a classical algorithm, explore all its runs within bounds, or break it outside its bound',
    )
    .argument('[name]', 'the name of the algorithm; without it, all are listed')
    .addOption(options.processes())
    .addOption(options.faults())
    .addOption(shared.seed('the seed of delays, faults and coin flips (default: 1)'))
    .addOption(options.explore())
    .addOption(options.break())
    .addOption(options.html())
    .addOption(shared.json())
    .addHelpText('after', () => reflow(HELP))
    .action(async (name: string | undefined, flags: ClassicsFlags) =>
      (await import('../classics-command.ts')).classics(name, flags),
    )
}
