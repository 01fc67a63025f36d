/** token, certificate and doctor: what guards a gateway that others reach, and what is wrong with a directory. */
import type { Command } from 'commander'
import type { CertificateFlags } from '../certificate-command.ts'
import type { DoctorFlags } from '../doctor-command.ts'
import { guards } from '../guard-options.ts'
import { nonEmpty } from '../option-values.ts'
import { shared } from '../options.ts'
import type { TokenFlags } from '../token-command.ts'

export function addGuardCommands(program: Command): void {
  const token = program.command('token').description("manage the tokens of a gateway's callers")
  const command = (name: string, description: string): Command =>
    token
      .command(name)
      .description(description)
      .addOption(shared.directory())
      .addOption(guards.tokenFile())
      .addOption(shared.json())
  const commands = () => import('../token-command.ts')
  command('add <name>', 'make a token and print it, this once').action(
    async (name: string, flags: TokenFlags) => (await commands()).add(name, flags),
  )
  command('list', 'print the names of the tokens').action(async (flags: TokenFlags) =>
    (await commands()).list(flags),
  )
  command('revoke <name>', 'take a token away').action(async (name: string, flags: TokenFlags) =>
    (await commands()).revoke(name, flags),
  )

  program
    .command('certificate')
    .description('make a certificate for trials of TLS, signed by an authority of its own')
    .addOption(shared.directory())
    .addOption(guards.names())
    .addOption(guards.certifiedClient())
    .addOption(guards.days())
    .action(async (flags: CertificateFlags) => (await import('../certificate-command.ts')).certificate(flags))

  program
    .command('doctor')
    .description(
      'read a cluster directory and print what is wrong with it, each with the command that mends it',
    )
    .argument('<directory>', 'the cluster directory, which is not changed', nonEmpty)
    .addOption(shared.json())
    .action(async (directory: string, flags: DoctorFlags) =>
      (await import('../doctor-command.ts')).doctor(directory, flags),
    )
}
