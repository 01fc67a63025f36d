/** verify: checks evidence with the cluster file alone. */
import type { Command } from 'commander'
import { analysis, shared } from '../options.ts'
import { reflow } from '../terminal.ts'
import type { VerifyFlags } from '../verify-command.ts'

const HELP = `
Evidence is what GET /v1/evidence answers: pairs of messages that contradict each other,
signed by one replica. Each is checked against the public keys in the cluster file. No
server is asked, so it does not matter who gave the evidence. It proves that the key
signed both: a replica lied, somebody else has its key, or it was started from an old
copy of its disk.

Exit codes: 0 all of it is proved, 1 something is not, 2 no such file, no such evidence, or
a cluster made with --auth oral, which has none.`

export function addVerifyCommand(program: Command): void {
  program
    .command('verify <file>')
    .description('check evidence of equivocation against the cluster file; - reads standard input')
    .addOption(analysis.clusterFile())
    .addOption(shared.json('print the verdict as JSON'))
    .addHelpText('after', () => reflow(HELP))
    .action(async (file: string, flags: VerifyFlags) =>
      (await import('../verify-command.ts')).verify(file, flags),
    )
}
