/** put, get, del, list, status: through a gateway. */
import type { Command } from 'commander'
import type { GatewayFlags } from '../gateway-call.ts'
import type { KeyFlags } from '../key-commands.ts'
import type { ListFlags } from '../list-command.ts'
import { shared, store } from '../options.ts'

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

  keyCommand('get <key>', 'print the value of a key').action(async (key: string, flags: KeyFlags) =>
    (await import('../key-commands.ts')).get(key, flags),
  )

  keyCommand('del <key>', 'delete a key')
    .addOption(store.ifRevision('only when the key is at this modification revision'))
    .action(async (key: string, flags: KeyFlags) => (await import('../key-commands.ts')).del(key, flags))

  keyCommand('list [prefix]', 'print the keys that begin with a prefix, one in a line')
    .addOption(store.values())
    .addOption(store.limit())
    .addOption(store.all())
    .addOption(store.cursor())
    .action(async (prefix: string | undefined, flags: ListFlags) =>
      (await import('../list-command.ts')).list(prefix, flags),
    )

  command(
    'status',
    'print the primary, the replicas that lag, and the reason when nothing moves; the exit code is 1 then',
  ).action(async (flags: GatewayFlags) => (await import('../status-command.ts')).status(flags))
}
