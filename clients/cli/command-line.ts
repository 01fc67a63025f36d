/** The command line as a whole. The version needs no commands; commander handles everything else. */
import { ownVersion, VERSION_FLAGS } from './version.ts'

/**
 * Runs the command that these arguments name, and resolves when its action ends; a server keeps running. Returns the
 * exit code if the command failed, or printed its help or the version; otherwise null, and the action has set the exit
 * code.
 */
export async function runCommandLine(args: readonly string[]): Promise<number | null> {
  if (VERSION_FLAGS.some((flag) => flag === args[0])) {
    console.log(ownVersion())
    return 0
  }
  return (await import('./program.ts')).runProgram(args)
}
