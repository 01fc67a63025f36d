/** attack list, attack NAME, attack --all. */
import type { Command } from 'commander'
import { COLUMNS_LEGEND } from '../../../attacks/report/legend.ts'
import type { AttackFlags } from '../attack-command.ts'
import { attack, shared } from '../options.ts'
import { reflow } from '../terminal.ts'

const HELP = `
A run makes a cluster of its own, loads it, attacks it for a third of the time, and checks
safety, liveness and what that attack is expected to do. The figures of a run on processes
are this machine's: compare before, during and after, not one run with another.

${COLUMNS_LEGEND}

Exit codes: 0 every attack held as expected, 1 one did not, 2 wrong usage or interrupted.`

export function addAttackCommand(program: Command): void {
  program
    .command('attack')
    .description(
      'attack a cluster made for the purpose and judge the outcome; "attack list" names the attacks',
    )
    .argument('[name]', 'the name of the attack, or the file of one, such as ./mine.mjs')
    .addOption(attack.all())
    .addOption(attack.untilFailure())
    .addOption(attack.world())
    .addOption(shared.replicas())
    .addOption(attack.traitors())
    .addOption(attack.seconds())
    .addOption(attack.load())
    .addOption(attack.figures())
    .addOption(shared.seed('the seed of all that is random in the attack and the load').default(1))
    .addOption(shared.crypto())
    .addOption(shared.auth())
    .addOption(shared.json().conflicts('markdown'))
    .addOption(attack.markdown())
    .addOption(shared.html('write a report that a browser opens without a network'))
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
