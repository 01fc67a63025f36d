#!/usr/bin/env node
import { Command } from 'commander'
import { addAttackCommands } from './attack-commands.ts'
import { addBenchCommand } from './bench-command.ts'
import { addCheckCommand } from './check-command.ts'
import { addClusterCommands } from './cluster-commands.ts'
import { fail } from './process-end.ts'
import { addSimulateCommand } from './simulate-command.ts'
import { addStoreCommands } from './store-commands.ts'

const program = new Command('strategos')
  .description(
    'A replicated key-value store that stays correct while up to f of its 3f + 1 replicas are Byzantine.',
  )
  .version('0.1.0')
  .showHelpAfterError('(--help shows what there is)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

addClusterCommands(program)
addStoreCommands(program)
addAttackCommands(program)
addBenchCommand(program)
addSimulateCommand(program)
addCheckCommand(program)

program.parseAsync().catch(fail)
