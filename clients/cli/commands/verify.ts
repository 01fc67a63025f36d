/** The command verify: it checks evidence and other proofs with the cluster file alone. */
import type { Command } from 'commander'
import { analysis, shared } from '../options.ts'
import { reflow } from '../terminal.ts'
import type { VerifyFlags } from '../verify-command.ts'

const HELP = `
The file holds a receipt (put, get and del with --receipt), a proved read (get --proof), a
snapshot (snapshot save) or evidence.
The signatures are checked against the public keys in the cluster file. No server is asked,
so the source of the file need not be trusted.

A receipt proves that the replicas executed a request, and its results: f + 1 replicas
signed them. A proved read proves the value of a key, or its absence, in a state that
2f + 1 replicas certified, and a snapshot all of such a state. Evidence is the answer of GET /v1/evidence: pairs of messages that contradict
each other, signed by one replica. It proves that the key signed both: the replica lied,
its key was stolen, or it was restarted from an old copy of its disk.

Exit codes: 0 everything is proved, 1 something is not, 2 no such file, no such proof, or a
cluster made with --auth oral, which has none.`

export function addVerifyCommand(program: Command): void {
  program
    .command('verify <file>')
    .description(
      'check a receipt, a proved read, a snapshot or evidence against the cluster file; - reads standard input',
    )
    .addOption(analysis.clusterFile())
    .addOption(shared.json('print the verdict as JSON'))
    .addHelpText('after', () => reflow(HELP))
    .action(async (file: string, flags: VerifyFlags) =>
      (await import('../verify-command.ts')).verify(file, flags),
    )
}
