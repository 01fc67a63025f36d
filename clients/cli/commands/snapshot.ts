/** The commands snapshot save and snapshot status. */
import type { Command } from 'commander'
import type { GatewayFlags } from '../gateway-call.ts'
import { analysis, shared, store } from '../options.ts'
import type { SnapshotFlags } from '../snapshot-command.ts'
import { reflow } from '../terminal.ts'

const HELP = `
A snapshot is the whole state of a checkpoint that 2f + 1 replicas certified, at one revision,
and covers everything that was answered before the save began. It is checked page by page as
it comes, so the gateway need not be trusted, and the file appears only when it is complete.

Exit codes: 0 saved or proved, 1 false, incomplete or refused, 2 no gateway, no cluster file,
or a file that cannot be read or written.`

export function addSnapshotCommand(program: Command): void {
  const snapshot = program
    .command('snapshot')
    .description('save the whole state with its proof, and check it')
  snapshot
    .command('save <file>')
    .description('save a snapshot of the running cluster')
    .addOption(shared.directory())
    .addOption(store.url())
    .addOption(shared.json('print the contents of the snapshot as JSON'))
    .addHelpText('after', () => reflow(HELP))
    .action(async (file: string, flags: GatewayFlags) =>
      (await import('../snapshot-command.ts')).saveSnapshot(file, flags),
    )
  snapshot
    .command('status <file>')
    .description('check a snapshot against the cluster file, and print its contents; - reads standard input')
    .addOption(analysis.clusterFile())
    .addOption(shared.json('print the verdict as JSON'))
    .action(async (file: string, flags: SnapshotFlags) =>
      (await import('../snapshot-command.ts')).showSnapshot(file, flags),
    )
}
