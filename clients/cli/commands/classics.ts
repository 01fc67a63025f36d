/** classics: the gallery of classical algorithms. */
import type { Command } from 'commander'
import type { ClassicsFlags } from '../classics-command.ts'
import { classics as options, shared } from '../options.ts'
import { reflow } from '../terminal.ts'

const HELP = `
Without a name it lists the algorithms. With one, it runs the algorithm once and prints the
diagram of the run: a column for each process, then the Lamport clock and the vector clock of
each event, and the event.

Exit codes: 0 the run is as the theorem says (with --break: it breaks as the theorem says),
1 it is not, 2 wrong usage.`

export function addClassicsCommand(program: Command): void {
  program
    .command('classics')
    .description('run a classical algorithm, explore all its runs within bounds, or break it at its bound')
    .argument('[name]', 'the algorithm; without it, all are listed')
    .addOption(options.processes())
    .addOption(options.faults())
    .addOption(shared.seed('the seed of delays, faults and coins (default: 1)'))
    .addOption(options.explore())
    .addOption(options.break())
    .addOption(shared.json())
    .addHelpText('after', () => reflow(HELP))
    .action(async (name: string | undefined, flags: ClassicsFlags) =>
      (await import('../classics-command.ts')).classics(name, flags),
    )
}
