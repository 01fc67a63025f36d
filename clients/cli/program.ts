/**
 * The command line as commander sees it: every command is declared, and none of their programs is loaded. An action
 * imports the program that it runs, so that the version, the help and a wrong option cost no more than the
 * declarations.
 */
import { Command, CommanderError } from 'commander'
import { filesFor } from './command-files.ts'
import { reportError } from './process-end.ts'
import { wrapped } from './terminal.ts'
import { ownVersion, VERSION_FLAGS } from './version.ts'

/** The exit code of a command that was used wrongly. */
const USAGE_EXIT_CODE = 2

/** The program with the commands that these arguments may need; with none given, all. */
export async function createProgram(args: readonly string[] = []): Promise<Command> {
  const program = new Command('strategos')
    .description(
      'A replicated key-value store that stays correct while up to f of its 3f + 1 replicas are Byzantine.',
    )
    .version(ownVersion(), VERSION_FLAGS.join(', '), 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ outputError: (text, write) => write(wrapped(text)) })
    .exitOverride()
  for (const { load } of filesFor(args)) (await load())(program)
  return program
}

/**
 * Runs the command that these arguments name, and resolves when its action ends; a server keeps running. Returns the
 * exit code if the command failed, or printed its help or the version; otherwise null, and the action has set the exit
 * code.
 */
export async function runProgram(args: readonly string[]): Promise<number | null> {
  try {
    const program = await createProgram(args)
    await program.parseAsync(args, { from: 'user' })
    return null
  } catch (error) {
    // Commander has already printed the error.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE
    return reportError(error)
  }
}
