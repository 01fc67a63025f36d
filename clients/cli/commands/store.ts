/** The commands that call a gateway: put, get, del, list, watch, txn, compact, lease, lock, elect and status. */
import type { Command } from 'commander'
import type { ElectFlags } from '../elect-command.ts'
import type { GatewayFlags, WriteFlags } from '../gateway-call.ts'
import { caller } from '../guard-options.ts'
import type { DeletionFlags, PutFlags, ReadFlags } from '../key-commands.ts'
import type { GrantFlags } from '../lease-commands.ts'
import type { ListFlags } from '../list-command.ts'
import type { LockFlags } from '../lock-command.ts'
import { leaseDigits, wholeNumber } from '../option-values.ts'
import { shared, store } from '../options.ts'
import { reflow } from '../terminal.ts'
import type { WatchFlags } from '../watch-command.ts'

/** Examples of a command, printed below its options. */
const examples = (...lines: readonly string[]): string => ['', 'Examples:', ...lines].join('\n  ')

const TRANSACTION_HELP = `
A transaction has one comparison or step per line:
  if
  version jobs/7 = 1
  then
  put jobs/7 done
  del queue/7
  else
  get jobs/7

A comparison is a fact (value, version, create, mod or lease), a key, a relation (=,
!=, < or >) and an operand. Steps: put KEY VALUE, put KEY VALUE --lease ID, get KEY,
list PREFIX, del KEY, del --prefix PREFIX, and txn, which begins a nested transaction that ends with
"end". A word with spaces stands in double quotes. A JSON document of POST /v1/txn
is accepted too. The exit code is 1 when the steps after "else" were executed.`

/** The options by which a gateway is found and its caller is known. */
export const toGateway = (command: Command, json = 'print the answer as JSON'): Command =>
  command
    .addOption(shared.directory())
    .addOption(store.url())
    .addOption(caller.token())
    .addOption(caller.authority())
    .addOption(caller.ownCertificate())
    .addOption(caller.ownKey())
    .addOption(shared.json(json))

export function addStoreCommands(program: Command): void {
  const command = (name: string, description: string): Command =>
    toGateway(program.command(name).description(description))
  const keyCommand = (name: string, description: string): Command =>
    command(name, description).addOption(store.name())

  keyCommand('put <key> <value>', 'set a key to a value; - reads the value from standard input')
    .addOption(
      store.ifRevision(
        'put only if this is the modification revision of the key; 0: only if it does not exist',
      ),
    )
    .addOption(store.lease())
    .addOption(store.receipt())
    .addOption(store.idempotencyKey())
    .addHelpText(
      'after',
      examples(
        'strategos put greeting hello',
        'strategos put photo - < photo.jpg',
        'strategos put leader me --if-revision 0',
      ),
    )
    .action(async (key: string, value: string, flags: PutFlags) =>
      (await import('../key-commands.ts')).put(key, value, flags),
    )

  keyCommand('get <key>', 'print the value of a key')
    .addOption(store.revision('print the value at this revision'))
    .addOption(store.receipt().conflicts('proof'))
    .addOption(store.proof())
    .action(async (key: string, flags: ReadFlags) => (await import('../key-commands.ts')).get(key, flags))

  keyCommand('del [key]', 'delete a key, or every key of a range at one revision')
    .addOption(store.ifRevision('delete only if this is the modification revision of the key'))
    .addOption(store.prefix('delete the keys with this prefix'))
    .addOption(store.from())
    .addOption(store.to())
    .addOption(store.everything())
    .addOption(store.receipt().conflicts(['prefix', 'from', 'to', 'all']))
    .addOption(store.idempotencyKey())
    .addHelpText('after', examples('strategos del greeting', 'strategos del --prefix sessions/'))
    .action(async (key: string | undefined, flags: DeletionFlags) =>
      (await import('../key-commands.ts')).del(key, flags),
    )

  addRangeCommands(keyCommand)
  addCommandsWithoutKey(program, command)
}

function addRangeCommands(keyCommand: (name: string, description: string) => Command): void {
  keyCommand('list [prefix]', 'print the keys with a prefix or in a range, one per line')
    .addOption(store.prefix('the prefix, as an option instead of an argument'))
    .addOption(store.from())
    .addOption(store.to())
    .addOption(store.revision('print the keys that existed at this revision'))
    .addOption(store.sort())
    .addOption(store.descending())
    .addOption(store.minMod())
    .addOption(store.maxMod())
    .addOption(store.minCreate())
    .addOption(store.maxCreate())
    .addOption(store.keysOnly())
    .addOption(store.values())
    .addOption(store.count())
    .addOption(store.limit())
    .addOption(store.all())
    .addOption(store.cursor())
    .addHelpText(
      'after',
      examples('strategos list users/ --values', 'strategos list --from a --to n --sort mod --descending'),
    )
    .action(async (prefix: string | undefined, flags: ListFlags) =>
      (await import('../list-command.ts')).list(prefix, flags),
    )

  keyCommand('watch [key]', 'print the changes of a key or a range as they happen, one per line')
    .addOption(store.prefix('watch the keys with this prefix'))
    .addOption(store.from())
    .addOption(store.to())
    .addOption(store.after())
    .addOption(store.previous())
    .addOption(store.only())
    .addHelpText(
      'after',
      examples('strategos watch --prefix users/', 'strategos watch greeting --after 17 --previous'),
    )
    .action(async (key: string | undefined, flags: WatchFlags) =>
      (await import('../watch-command.ts')).watch(key, flags),
    )
}

function addCommandsWithoutKey(
  program: Command,
  command: (name: string, description: string) => Command,
): void {
  command(
    'txn',
    'execute a transaction: if all comparisons hold, the steps after "then", otherwise those after "else"',
  )
    .argument('[file]', 'the file of the transaction; - reads standard input', '-')
    .addOption(store.idempotencyKey())
    .addHelpText('after', () => reflow(TRANSACTION_HELP))
    .action(async (file: string, flags: WriteFlags) => (await import('../txn-command.ts')).txn(file, flags))

  command('compact', 'discard the history below a revision; current values are kept')
    .argument('<revision>', 'the oldest revision that can still be read afterwards', wholeNumber(1))
    .action(async (revision: number, flags: GatewayFlags) =>
      (await import('../compact-command.ts')).compact(revision, flags),
    )

  addLeaseCommands(program)

  command(
    'lock <name> [command...]',
    'hold a lock while a command runs, or until Ctrl-C; write -- before the command',
  )
    .addOption(store.ttl())
    .addHelpText('after', examples('strategos lock nightly -- ./backup.sh'))
    .action(async (name: string, words: readonly string[], flags: LockFlags) =>
      (await import('../lock-command.ts')).lock(name, words, flags),
    )

  command('elect <name> [value]', 'campaign for leadership and lead until Ctrl-C, or print the leader')
    .addOption(store.ttl())
    .addOption(store.listen())
    .addHelpText('after', examples('strategos elect workers host-a', 'strategos elect workers --listen'))
    .action(async (name: string, value: string | undefined, flags: ElectFlags) =>
      (await import('../elect-command.ts')).elect(name, value, flags),
    )

  command(
    'status',
    'print the primary, the replicas that lag, and the reason if the cluster makes no progress (exit code 1)',
  ).action(async (flags: GatewayFlags) => (await import('../status-command.ts')).status(flags))
}

function addLeaseCommands(program: Command): void {
  const lease = program
    .command('lease')
    .description('manage leases: a key that is put with a lease is deleted when the lease ends')
  const command = (name: string, description: string): Command =>
    toGateway(lease.command(name).description(description))
  const ofLease = (name: string, description: string): Command =>
    command(name, description).argument('<id>', 'the lease id, in hexadecimal digits', leaseDigits)
  const commands = () => import('../lease-commands.ts')

  command('grant', 'grant a lease and print its id')
    .argument(
      '<seconds>',
      'the time to live in seconds; at least 2, smaller values are raised to 2',
      wholeNumber(),
    )
    .addOption(store.leaseId())
    .addOption(store.idempotencyKey())
    .action(async (ttl: number, flags: GrantFlags) => (await commands()).grant(ttl, flags))
  ofLease('revoke', 'end a lease now and delete its keys').action(async (id: string, flags: GatewayFlags) =>
    (await commands()).revoke(id, flags),
  )
  ofLease('keep-alive', 'renew a lease: its time to live starts again').action(
    async (id: string, flags: GatewayFlags) => (await commands()).keepAlive(id, flags),
  )
  ofLease('show', 'print the remaining time of a lease and its keys').action(
    async (id: string, flags: GatewayFlags) => (await commands()).show(id, flags),
  )
  command('list', 'print the ids of all leases').action(async (flags: GatewayFlags) =>
    (await commands()).list(flags),
  )
}
