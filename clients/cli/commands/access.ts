/** The commands access list, enable, disable, add, remove, grant and revoke. */
import { Argument, type Command } from 'commander'
import type { AccessFlags, AddFlags, ListFlags, PermissionWord, RightFlags } from '../access-command.ts'
import { nonEmpty } from '../option-values.ts'
import { flag, shared, store, valued } from '../options.ts'
import { reflow } from '../terminal.ts'

const HELP = `
Every replica judges every operation by the rights of its principal, once access is enabled. A principal
is a public key: a client of the cluster, or anybody for whom a gateway acts. The commands are signed with
an administrator's key (--client) and go straight to the replicas. Administrators of the cluster file
(strategos init --administrators) stay administrators; they name others with access add --administrator.

Examples:
  strategos access add gateway
  strategos access grant gateway readwrite --prefix app/
  strategos access grant gateway read --from a --to n
  strategos access add alice --key 8f3b…
  strategos access grant gateway --act-for alice
  strategos access enable
  strategos access list

Exit codes: 0 done, 1 refused by the replicas, 2 a mistake on the command line, or no replicas.`

const client = () =>
  valued('--client <name>', "the name of the administrator's client key", nonEmpty).default('operator')

export function addAccessCommand(program: Command): void {
  const access = program
    .command('access')
    .description('say who may read and write which keys, judged by every replica')
    .addHelpText('after', () => reflow(HELP))
  const command = (name: string, description: string): Command =>
    access.command(name).description(description).addOption(shared.directory()).addOption(client())

  command('list', 'print the principals and what each may do')
    .addOption(shared.json())
    .action(async (flags: ListFlags) => (await import('../access-command.ts')).listPrincipals(flags))
  command('enable', 'have every operation judged').action(async (flags: AccessFlags) =>
    (await import('../access-command.ts')).switchAccess(true, flags),
  )
  command('disable', 'have no operation judged').action(async (flags: AccessFlags) =>
    (await import('../access-command.ts')).switchAccess(false, flags),
  )
  command('add <name>', 'make a principal of a client of the cluster, or of a public key')
    .addOption(valued('--key <hex>', 'its public key, if it is no client of the cluster', nonEmpty))
    .addOption(flag('--administrator', 'let it do everything, and change principals and rights'))
    .action(async (name: string, flags: AddFlags) =>
      (await import('../access-command.ts')).addPrincipal(name, flags),
    )
  command('remove <name>', 'remove a principal with all its rights').action(
    async (name: string, flags: AccessFlags) =>
      (await import('../access-command.ts')).removePrincipal(name, flags),
  )
  addRight(command('grant <name>', 'let a principal read or write keys, or act for another one'), true)
  addRight(command('revoke <name>', 'take rights from a principal'), false)
}

function addRight(command: Command, isGrant: boolean): void {
  command
    .addArgument(new Argument('[right]', 'the right to the keys').choices(['read', 'write', 'readwrite']))
    .addOption(store.prefix('the keys with this prefix'))
    .addOption(store.from())
    .addOption(store.to())
    .addOption(flag('--all', 'all keys'))
    .addOption(store.name())
    .addOption(valued('--act-for <name>', 'the principal to act for, in place of keys', nonEmpty))
    .action(async (name: string, right: PermissionWord | undefined, flags: RightFlags) =>
      (await import('../access-command.ts')).changeRight(isGrant, name, right, flags),
    )
}
