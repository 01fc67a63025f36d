/** The file that declares each command. One command loads one file; the help loads all; the version loads none. */
import type { Command } from 'commander'

interface CommandFile {
  readonly names: readonly string[]
  load(): Promise<(program: Command) => void>
}

/** In the order of the help. */
export const COMMAND_FILES: readonly CommandFile[] = [
  {
    names: ['init', 'keygen', 'replica', 'gateway', 'up'],
    load: async () => (await import('./commands/cluster.ts')).addClusterCommands,
  },
  {
    names: ['put', 'get', 'del', 'list', 'status'],
    load: async () => (await import('./store-commands.ts')).addStoreCommands,
  },
  { names: ['attack'], load: async () => (await import('./commands/attack.ts')).addAttackCommand },
  { names: ['bench'], load: async () => (await import('./commands/bench.ts')).addBenchCommand },
  { names: ['simulate'], load: async () => (await import('./commands/simulate.ts')).addSimulateCommand },
  { names: ['verify'], load: async () => (await import('./commands/verify.ts')).addVerifyCommand },
  { names: ['costs'], load: async () => (await import('./commands/costs.ts')).addCostsCommand },
  { names: ['check'], load: async () => (await import('./commands/check.ts')).addCheckCommand },
]

const VERSION_FLAGS: readonly string[] = ['-V', '--version']

/** The files that these arguments need: that of the command that is named first, else all. */
export function filesFor([first = '']: readonly string[]): readonly CommandFile[] {
  if (VERSION_FLAGS.includes(first)) return []
  const asked = COMMAND_FILES.filter(({ names }) => names.includes(first))
  return asked.length > 0 ? asked : COMMAND_FILES
}
