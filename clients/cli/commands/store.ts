/** put, get, del, list, watch, txn, compact, lease, lock, elect, status: through a gateway. */
import type { Command } from 'commander'
import type { ElectFlags } from '../elect-command.ts'
import type { GatewayFlags } from '../gateway-call.ts'
import type { DeletionFlags, PutFlags, ReadFlags } from '../key-commands.ts'
import type { GrantFlags } from '../lease-commands.ts'
import type { ListFlags } from '../list-command.ts'
import type { LockFlags } from '../lock-command.ts'
import { leaseDigits, wholeNumber } from '../option-values.ts'
import { shared, store } from '../options.ts'
import type { WatchFlags } from '../watch-command.ts'

export function addStoreCommands(program: Command): void {
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .addOption(shared.directory())
      .addOption(store.url())
      .addOption(shared.json('print the answer as JSON'))
  const keyCommand = (name: string, description: string): Command =>
    command(name, description).addOption(store.name())

  keyCommand('put <key> <value>', 'set a key; - in place of the value reads it from standard input')
    .addOption(
      store.ifRevision('only when the key is at this modification revision; 0: only when it does not exist'),
    )
    .addOption(store.lease())
    .action(async (key: string, value: string, flags: PutFlags) =>
      (await import('../key-commands.ts')).put(key, value, flags),
    )

  keyCommand('get <key>', 'print the value of a key')
    .addOption(store.revision('print the value that the key had at this revision'))
    .action(async (key: string, flags: ReadFlags) => (await import('../key-commands.ts')).get(key, flags))

  keyCommand('del [key]', 'delete a key, or every key of a range at one revision')
    .addOption(store.ifRevision('only when the key is at this modification revision'))
    .addOption(store.prefix('delete the keys that begin so'))
    .addOption(store.from())
    .addOption(store.to())
    .addOption(store.everything())
    .action(async (key: string | undefined, flags: DeletionFlags) =>
      (await import('../key-commands.ts')).del(key, flags),
    )

  keyCommand('list [prefix]', 'print the keys that begin with a prefix, or those of a range, one in a line')
    .addOption(store.prefix('in place of the argument: the beginning of the keys'))
    .addOption(store.from())
    .addOption(store.to())
    .addOption(store.revision('print the keys that there were at this revision'))
    .addOption(store.sort())
    .addOption(store.descending())
    .addOption(store.keysOnly())
    .addOption(store.values())
    .addOption(store.count())
    .addOption(store.limit())
    .addOption(store.all())
    .addOption(store.cursor())
    .action(async (prefix: string | undefined, flags: ListFlags) =>
      (await import('../list-command.ts')).list(prefix, flags),
    )

  keyCommand('watch [key]', 'print the changes of a key or a range as they happen, one in a line')
    .addOption(store.prefix('watch the keys that begin so'))
    .addOption(store.from())
    .addOption(store.to())
    .addOption(store.after())
    .addOption(store.previous())
    .addOption(store.only())
    .action(async (key: string | undefined, flags: WatchFlags) =>
      (await import('../watch-command.ts')).watch(key, flags),
    )

  addCommandsWithoutKey(program, command)
}

function addCommandsWithoutKey(
  program: Command,
  command: (name: string, description: string) => Command,
): void {
  command('txn', 'execute a transaction: comparisons choose one of two lists of steps, at one revision')
    .argument('[file]', 'the transaction; - or nothing reads it from standard input', '-')
    .action(async (file: string, flags: GatewayFlags) => (await import('../txn-command.ts')).txn(file, flags))

  command('compact', 'give up the history below a revision; what is there now stays')
    .argument('<revision>', 'the oldest revision that can be read from now on', wholeNumber(1))
    .action(async (revision: number, flags: GatewayFlags) =>
      (await import('../compact-command.ts')).compact(revision, flags),
    )

  addLeaseCommands(program)

  command(
    'lock <name> [command...]',
    'hold a lock while a command runs, or until Ctrl-C; -- comes before the command',
  )
    .addOption(store.ttl())
    .action(async (name: string, words: readonly string[], flags: LockFlags) =>
      (await import('../lock-command.ts')).lock(name, words, flags),
    )

  command('elect <name> [value]', 'stand for election and lead until Ctrl-C, or print who leads')
    .addOption(store.ttl())
    .addOption(store.listen())
    .action(async (name: string, value: string | undefined, flags: ElectFlags) =>
      (await import('../elect-command.ts')).elect(name, value, flags),
    )

  command(
    'status',
    'print the primary, the replicas that lag, and the reason when nothing moves; the exit code is 1 then',
  ).action(async (flags: GatewayFlags) => (await import('../status-command.ts')).status(flags))
}

function addLeaseCommands(program: Command): void {
  const lease = program
    .command('lease')
    .description('keep leases: keys that are put with one are deleted when it ends')
  const command = (name: string, description: string): Command =>
    lease
      .command(name)
      .description(description)
      .addOption(shared.directory())
      .addOption(store.url())
      .addOption(shared.json('print the answer as JSON'))
  const ofLease = (name: string, description: string): Command =>
    command(name, description).argument('<id>', 'the id of the lease, in hexadecimal digits', leaseDigits)
  const commands = () => import('../lease-commands.ts')

  command('grant', 'begin a lease and print its id')
    .argument('<seconds>', 'its life; less than 2 is raised to 2', wholeNumber())
    .addOption(store.leaseId())
    .action(async (ttl: number, flags: GrantFlags) => (await commands()).grant(ttl, flags))
  ofLease('revoke', 'end a lease and delete its keys').action(async (id: string, flags: GatewayFlags) =>
    (await commands()).revoke(id, flags),
  )
  ofLease('keep-alive', 'begin the life of a lease anew').action(async (id: string, flags: GatewayFlags) =>
    (await commands()).keepAlive(id, flags),
  )
  ofLease('show', 'print how long a lease still runs, and its keys').action(
    async (id: string, flags: GatewayFlags) => (await commands()).show(id, flags),
  )
  command('list', 'print the ids of all leases').action(async (flags: GatewayFlags) =>
    (await commands()).list(flags),
  )
}
