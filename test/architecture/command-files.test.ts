import { Command } from 'commander'
import { expect, it } from 'vitest'
import { COMMAND_FILES } from '../../clients/cli/command-files.ts'

for (const { names, load } of COMMAND_FILES) {
  it(`the file that is loaded for ${names.join(', ')} declares just that`, async () => {
    const program = new Command()
    ;(await load())(program)
    expect(program.commands.map((command) => command.name())).toEqual(names)
  })
}
