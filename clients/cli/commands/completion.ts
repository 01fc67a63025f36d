/** The command completion. */
import { Argument, type Command } from 'commander'
import type { Shell } from '../completion-command.ts'

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish']

export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print a script with which a shell completes commands and options')
    .addArgument(new Argument('<shell>', 'the name of the shell').choices(SHELLS))
    .action(async (shell: Shell) => (await import('../completion-command.ts')).completion(program, shell))
}
