/** The words that a shell can complete, taken from the declarations of the program. */
import type { Command, Option } from 'commander'

/** A word with its description. */
export interface CompletedWord {
  readonly word: string
  readonly description: string
}

export interface CompletedOption extends CompletedWord {
  readonly takesValue: boolean
  /** The choices of its value; empty if it takes any value, which may be a file. */
  readonly choices: readonly string[]
}

export interface CompletedCommand {
  /** The words that name it, without the name of the program. */
  readonly path: string
  /** The words that may follow it: its commands, or the choices of its arguments. */
  readonly words: readonly CompletedWord[]
  readonly options: readonly CompletedOption[]
}

/** The program and all its commands, the program first; hidden options are left out. */
export function completedCommands(program: Command): readonly CompletedCommand[] {
  const help = program.createHelp()
  const visit = (command: Command, path: readonly string[]): readonly CompletedCommand[] => {
    const commands = help.visibleCommands(command)
    const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
    return [
      {
        path: path.join(' '),
        words: [
          ...commands.map((each) => ({ word: each.name(), description: each.description() })),
          ...choices.map((word) => ({ word, description: '' })),
        ],
        options: help.visibleOptions(command).flatMap(optionWords),
      },
      ...command.commands.flatMap((each) => visit(each, [...path, each.name()])),
    ]
  }
  return visit(program, [])
}

/** An entry for each name of an option. */
function optionWords(option: Option): readonly CompletedOption[] {
  const { short, long, description, required, optional, argChoices = [] } = option
  return [short, long]
    .filter((word) => word !== undefined)
    .map((word) => ({ word, description, takesValue: required || optional, choices: argChoices }))
}
