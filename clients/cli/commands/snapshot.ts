/** The commands snapshot save, snapshot status and snapshot restore. */
import type { Command } from 'commander'
import type { GatewayFlags } from '../gateway-call.ts'
import { analysis, shared } from '../options.ts'
import type { RestoreFlags } from '../restore-command.ts'
import { restored } from '../restore-options.ts'
import type { SnapshotFlags } from '../snapshot-command.ts'
import { reflow } from '../terminal.ts'
import { addNewCluster } from './cluster.ts'
import { toGateway } from './store.ts'

const HELP = `
A snapshot is the whole state of a checkpoint that 2f + 1 replicas certified, at one revision,
and covers everything that was answered before the save began. It is checked page by page as
it comes, so the gateway need not be trusted, and the file appears only when it is complete.

Exit codes: 0 saved or proved, 1 false, incomplete or refused, 2 no gateway, no cluster file,
or a file that cannot be read or written.`

const RESTORE_HELP = `
The snapshot is checked against the cluster file of the cluster that made it. Keys and values, their
history, revisions and leases go on; each lease has its whole life again from the first batch. Client
keys, replica keys, results of requests and idempotency keys of the old cluster do not: the new cluster
has its own id and keys. Nothing that exists is overwritten.

With --public-keys, each owner then runs it with --id on the machine of the replica. All of them make
the same state, and compare its root with the one in the new cluster file.

Exit codes: 0 restored, 1 the snapshot is false or incomplete, 2 anything else.`

export function addSnapshotCommand(program: Command): void {
  const snapshot = program
    .command('snapshot')
    .description('save the whole state with its proof, check it, and begin a new cluster with it')
  const save = snapshot.command('save <file>').description('save a snapshot of the running cluster')
  toGateway(save, 'print the contents of the snapshot as JSON')
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
  addRestore(snapshot)
}

function addRestore(snapshot: Command): void {
  const restore = snapshot
    .command('restore <file>')
    .description('make a new cluster that begins with the state of a snapshot; - reads standard input')
    .addOption(restored.savedClusterFile())
    .addOption(shared.directory())
    .addOption(restored.id())
  addNewCluster(restore)
    .addOption(shared.json())
    .addHelpText('after', () => reflow(RESTORE_HELP))
    .action(async (file: string, flags: RestoreFlags) =>
      (await import('../restore-command.ts')).restoreSnapshot(file, flags),
    )
}
