/** The command verify: it checks evidence with the cluster file alone. */
import type { Command } from 'commander'
import { analysis, shared } from '../options.ts'
import { reflow } from '../terminal.ts'
import type { VerifyFlags } from '../verify-command.ts'

const HELP = `
Evidence is the answer of GET /v1/evidence: pairs of messages that contradict each other,
signed by one replica. Each is checked against the public keys in the cluster file. No
server is asked, so the source of the evidence need not be trusted. It proves that the key
signed both: the replica lied, its key was stolen, or it was restarted from an old
copy of its disk.

Exit codes: 0 all evidence is proved, 1 some is not, 2 no such file, no such evidence, or
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
