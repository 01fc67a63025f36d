/** Which file declares which commands. A command need not wait until all that the others import is loaded. */
import type { Command } from 'commander'

interface CommandFile {
  readonly names: readonly string[]
  load(): Promise<(program: Command) => void>
}

/** In the order of the help. */
export const COMMAND_FILES: readonly CommandFile[] = [
  {
    names: ['init', 'keygen', 'replica', 'gateway', 'up'],
    load: async () => (await import('./cluster-commands.ts')).addClusterCommands,
  },
  {
    names: ['put', 'get', 'del', 'list', 'status'],
    load: async () => (await import('./store-commands.ts')).addStoreCommands,
  },
  { names: ['attack'], load: async () => (await import('./attack-commands.ts')).addAttackCommands },
  { names: ['bench'], load: async () => (await import('./bench-command.ts')).addBenchCommand },
  { names: ['simulate'], load: async () => (await import('./simulate-command.ts')).addSimulateCommand },
  { names: ['verify'], load: async () => (await import('./verify-command.ts')).addVerifyCommand },
  { names: ['costs'], load: async () => (await import('./costs-command.ts')).addCostsCommand },
  { names: ['check'], load: async () => (await import('./check-command.ts')).addCheckCommand },
]
