#!/usr/bin/env node
import { Command } from 'commander'
import { COMMAND_FILES } from './command-files.ts'
import { fail } from './process-end.ts'

const program = new Command('strategos')
  .description(
    'A replicated key-value store that stays correct while up to f of its 3f + 1 replicas are Byzantine.',
  )
  .version('0.1.0')
  .showHelpAfterError('(--help shows what there is)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

/** Only the file of the command that is asked for; all for the help, and for what is no command. */
async function run(): Promise<void> {
  const asked = COMMAND_FILES.filter(({ names }) => names.includes(process.argv[2] ?? ''))
  for (const { load } of asked.length > 0 ? asked : COMMAND_FILES) (await load())(program)
  await program.parseAsync()
}

run().catch(fail)
