/** put, get, del, list, watch, txn, compact, status: through a gateway. */
import type { Command } from 'commander'
import type { GatewayFlags } from '../gateway-call.ts'
import type { DeletionFlags, KeyFlags, ReadFlags } from '../key-commands.ts'
import type { ListFlags } from '../list-command.ts'
import { wholeNumber } from '../option-values.ts'
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
    .action(async (key: string, value: string, flags: KeyFlags) =>
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

  addCommandsWithoutKey(command)
}

function addCommandsWithoutKey(command: (name: string, description: string) => Command): void {
  command('txn', 'execute a transaction: comparisons choose one of two lists of steps, at one revision')
    .argument('[file]', 'the transaction; - or nothing reads it from standard input', '-')
    .action(async (file: string, flags: GatewayFlags) => (await import('../txn-command.ts')).txn(file, flags))

  command('compact', 'give up the history below a revision; what is there now stays')
    .argument('<revision>', 'the oldest revision that can be read from now on', wholeNumber(1))
    .action(async (revision: number, flags: GatewayFlags) =>
      (await import('../compact-command.ts')).compact(revision, flags),
    )

  command(
    'status',
    'print the primary, the replicas that lag, and the reason when nothing moves; the exit code is 1 then',
  ).action(async (flags: GatewayFlags) => (await import('../status-command.ts')).status(flags))
}
