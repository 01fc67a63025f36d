/** The commands that make and run clusters: init, keygen, address, replica, gateway and up. */
import type { Command } from 'commander'
import type { AddressFlags } from '../address-command.ts'
import { guards } from '../guard-options.ts'
import type { InitFlags, KeygenFlags } from '../init-command.ts'
import { cluster, shared } from '../options.ts'
import type { GatewayFlags } from '../running-gateway.ts'
import type { ReplicaFlags } from '../running-replica.ts'
import type { UpFlags } from '../up-command.ts'

export function addClusterCommands(program: Command): void {
  addInit(program)

  program
    .command('keygen')
    .description('make the keys of one replica or client on its own machine, and print the public keys')
    .addOption(shared.directory())
    .addOption(cluster.ownerId())
    .addOption(cluster.ownerClient())
    .addOption(shared.crypto())
    .addOption(cluster.show())
    .action(async (flags: KeygenFlags) => (await import('../init-command.ts')).keygen(flags))

  program
    .command('address')
    .description('print the addresses of the replicas, or change one of them')
    .addOption(shared.directory())
    .addOption(cluster.movedId())
    .addOption(cluster.at())
    .addOption(shared.json())
    .action(async (flags: AddressFlags) => (await import('../address-command.ts')).address(flags))

  program
    .command('replica')
    .description('run one replica in the foreground; its log goes to standard output')
    .addOption(shared.directory())
    .addOption(cluster.id())
    .addOption(cluster.listen())
    .addOption(cluster.metrics())
    .addOption(shared.logLevel())
    .addOption(shared.storeAfter())
    .action(async (flags: ReplicaFlags) => (await import('../running-replica.ts')).runReplica(flags))

  program
    .command('gateway')
    .description('run a gateway in the foreground: it serves the HTTP API of a cluster')
    .addOption(shared.directory())
    .addOption(cluster.gatewayPort('the port to listen on'))
    .addOption(cluster.host())
    .addOption(cluster.timeout())
    .addOption(cluster.client())
    .addOption(cluster.noDashboard())
    .addOption(cluster.takesOrders())
    .addOption(guards.certificate())
    .addOption(guards.key())
    .addOption(guards.clientAuthority())
    .addOption(guards.tokens())
    .addOption(guards.hostNames())
    .addOption(guards.origins())
    .addOption(guards.rate())
    .action(async (flags: GatewayFlags) => (await import('../running-gateway.ts')).runGateway(flags))

  program
    .command('up')
    .description('run a whole cluster on this machine: replicas and a gateway')
    .addOption(shared.replicas())
    .addOption(shared.directory())
    .addOption(shared.crypto())
    .addOption(shared.auth())
    .addOption(cluster.gatewayPort('the port of the gateway'))
    .addOption(
      cluster.basePort(
        'the port of replica 0, from now on; replica i listens on port + i; 0: a new cluster takes free ports',
      ),
    )
    .addOption(cluster.timeout())
    .addOption(cluster.noDashboard())
    .addOption(cluster.playground())
    .action(async (flags: UpFlags, command: Command) => {
      const isAsked = (name: string): boolean => command.getOptionValueSource(name) !== 'default'
      await (await import('../up-command.ts')).up(flags, isAsked)
    })
}

function addInit(program: Command): void {
  const init = program
    .command('init')
    .description('make a cluster directory: keys, the cluster file and empty logs')
    .addOption(shared.directory())
  addNewCluster(init)
    .addOption(shared.json())
    .action(async (flags: InitFlags) => (await import('../init-command.ts')).init(flags))
}

/** Adds the options of a new cluster, apart from its directory. */
export function addNewCluster(command: Command): Command {
  return command
    .addOption(shared.replicas())
    .addOption(shared.crypto())
    .addOption(shared.auth())
    .addOption(cluster.requests())
    .addOption(cluster.reads())
    .addOption(cluster.votes())
    .addOption(cluster.hosts())
    .addOption(cluster.defaultBasePort())
    .addOption(cluster.publicKeys())
    .addOption(cluster.clients())
    .addOption(cluster.clientKeys())
    .addOption(cluster.administrators())
}
