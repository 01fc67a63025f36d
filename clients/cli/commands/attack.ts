/** attack list, attack NAME, attack --all. */
import type { Command } from 'commander'
import { COLUMNS_LEGEND } from '../../../attacks/report/legend.ts'
import type { AttackFlags } from '../attack-command.ts'
import { attack, shared } from '../options.ts'
import { reflow } from '../terminal.ts'

const HELP = `
A run makes a cluster of its own, loads it, attacks it for a third of the time, and checks
safety, liveness and what is expected of that attack. A run on processes takes its figures
from this machine: compare before, during and after, not one run with another.

${COLUMNS_LEGEND}

Exit codes: 0 all held as expected, 1 not, 2 wrong usage or interrupted.`

export function addAttackCommand(program: Command): void {
  program
    .command('attack')
    .description('attack a cluster of its own and judge it; "list" names the attacks')
    .argument('[name]', 'the attack, or the file of one, such as ./mine.mjs')
    .option('--all', 'run every attack of the catalogue, one after another')
    .option('--until-failure', 'with --all: stop at the first that is not as expected')
    .addOption(attack.world())
    .addOption(shared.replicas())
    .addOption(attack.traitors())
    .addOption(attack.seconds())
    .addOption(attack.load())
    .addOption(shared.seed('of what is random in the attack and in the load').default(1))
    .addOption(shared.crypto())
    .addOption(shared.auth())
    .addOption(shared.json().conflicts('markdown'))
    .option('--markdown', 'print the throughput under each attack as a table for a text')
    .addOption(shared.html('write a report that opens in a browser, without a network'))
    .addOption(attack.play())
    .addOption(shared.directory())
    .addOption(shared.logLevel())
    .addOption(attack.playClient())
    .addOption(attack.orders())
    .addHelpText('after', () => reflow(HELP))
    .action(async (name: string | undefined, flags: AttackFlags, command: Command) =>
      (await import('../attack-command.ts')).attack(name, flags, command),
    )
}
