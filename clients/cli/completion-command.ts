/**
 * The command completion: it prints a script for a shell, made from all commands. The shell starts no process to
 * complete a word.
 */

import type { Command } from 'commander'
import { completedCommands } from './completed-commands.ts'
import { bashScript, fishScript, zshScript } from './completion-scripts.ts'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

export type Shell = keyof typeof SCRIPTS

/** Prints the script of a shell for a program with all its commands. */
export function completion(program: Command, shell: Shell): void {
  process.stdout.write(SCRIPTS[shell](completedCommands(program)))
}
