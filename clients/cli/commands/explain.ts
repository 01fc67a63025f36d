/** The command explain: a run as text. */
import type { Command } from 'commander'
import type { ExplainFlags } from '../explain-command.ts'
import { explain } from '../explain-options.ts'
import { analysis, shared } from '../options.ts'
import { reflow } from '../terminal.ts'

const HELP = `
A number is a seed of simulate. An attack runs in the simulator, with seed 1; its traitor's acts
are marked with "!". Rules are those of src/PROTOCOL.md. Of a long run it explains the decisive
part: from the first act of the traitor, or the first fault, to the conviction, the next view, or
the end of the sequence number that may be affected. Ticks and STATUS messages from which nothing
follows are left out. An algorithm of classics is run and drawn as classics NAME does.

Examples:
  strategos explain equivocate
  strategos explain silent-primary --auth oral --replica 2
  strategos explain 7 --from 1 --to 60
  strategos explain phase-king

Exit codes: 0 it is explained, 1 the run of an algorithm contradicts its theorem, 2 wrong usage.`

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description(
      'explain a run in sentences: who sends what to whom, what each makes of it, and by which rule',
    )
    .argument('<run>', 'a seed, the name of an attack, or the name of a classical algorithm')
    .addOption(explain.replica())
    .addOption(explain.from())
    .addOption(explain.to())
    .addOption(shared.auth())
    .addOption(analysis.drawnReplicas())
    .addOption(shared.json())
    .addHelpText('after', () => reflow(HELP))
    .action(async (run: string, flags: ExplainFlags, command: Command) =>
      (await import('../explain-command.ts')).explain(run, flags, command),
    )
}
