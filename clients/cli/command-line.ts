/** The command line as a whole: the version needs no commands; all else is commander's. */
import { ownVersion, VERSION_FLAGS } from './version.ts'

/**
 * Runs the command that these arguments name, and resolves when its action is over: a server goes on. Returns the exit
 * code where the command failed, or printed what it was asked to print; else null, and the action has set its own.
 */
export async function runCommandLine(args: readonly string[]): Promise<number | null> {
  if (VERSION_FLAGS.some((flag) => flag === args[0])) {
    console.log(ownVersion())
    return 0
  }
  return (await import('./program.ts')).runProgram(args)
}
