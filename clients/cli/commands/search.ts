/** The command search: it runs fresh seeds until it is interrupted. */
import type { Command } from 'commander'
import { analysis } from '../options.ts'
import type { SearchFlags } from '../search-command.ts'

export function addSearchCommand(program: Command): void {
  program
    .command('search')
    .description(
      'simulate fresh seeds until Ctrl-C, signed and oral, with 4, 7 and 10 replicas in turn, and shrink every failure',
    )
    .addOption(analysis.record())
    .addOption(analysis.minutes())
    .action(async (flags: SearchFlags) => (await import('../search-command.ts')).runSearch(flags))
}
