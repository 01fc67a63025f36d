/** The command attack: `attack list`, `attack NAME` and `attack --all`. */
import type { Command } from 'commander'
import { COLUMN_MEANINGS } from '../../../attacks/report/legend.ts'
import type { AttackFlags } from '../attack-command.ts'
import { attack, shared } from '../options.ts'
import { entriesText, reflow } from '../terminal.ts'

const HELP = (): string => `
A run makes a new cluster, loads it, attacks it for a third of the time, and checks
safety, liveness and the expected effect of the attack. The figures of a run on processes
depend on the machine: compare before, during and after, not one run with another.

Columns:
${entriesText(COLUMN_MEANINGS)}

Exit codes: 0 every attack ended as expected, 1 one did not, 2 wrong usage or interrupted.`

export function addAttackCommand(program: Command): void {
  program
    .command('attack')
    .description('attack a new cluster and judge the outcome; "attack list" prints the attacks')
    .argument(
      '[name]',
      'the name of an attack, or the path of a file that exports one, for example ./mine.mjs',
    )
    .addOption(attack.all())
    .addOption(attack.untilFailure())
    .addOption(attack.world())
    .addOption(shared.replicas())
    .addOption(attack.traitors())
    .addOption(attack.seconds())
    .addOption(attack.load())
    .addOption(attack.figures())
    .addOption(shared.seed('the seed of all randomness in the attack and the load').default(1))
    .addOption(shared.crypto())
    .addOption(shared.auth())
    .addOption(shared.json().conflicts('markdown'))
    .addOption(attack.markdown())
    .addOption(shared.html('the file in which an HTML report is written; it needs no network'))
    .addOption(attack.play())
    .addOption(shared.directory())
    .addOption(shared.logLevel())
    .addOption(attack.playClient())
    .addOption(attack.orders())
    .addOption(attack.onOrder())
    .addHelpText('after', () => reflow(HELP()))
    .action(async (name: string | undefined, flags: AttackFlags, command: Command) =>
      (await import('../attack-command.ts')).attack(name, flags, command),
    )
}
