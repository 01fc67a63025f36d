/** The file that declares each command. One command loads one file; the help and the completion load all. */
import type { Command } from 'commander'

interface CommandFile {
  readonly names: readonly string[]
  /** True if its command reads the declarations of all commands. */
  readonly needsAll?: true
  load(): Promise<(program: Command) => void>
}

/** In the order of the help. */
export const COMMAND_FILES: readonly CommandFile[] = [
  {
    names: ['init', 'keygen', 'address', 'replica', 'gateway', 'up'],
    load: async () => (await import('./commands/cluster.ts')).addClusterCommands,
  },
  {
    names: ['put', 'get', 'del', 'list', 'watch', 'txn', 'compact', 'lease', 'lock', 'elect', 'status'],
    load: async () => (await import('./commands/store.ts')).addStoreCommands,
  },
  {
    names: ['token', 'certificate', 'doctor'],
    load: async () => (await import('./commands/guards.ts')).addGuardCommands,
  },
  { names: ['access'], load: async () => (await import('./commands/access.ts')).addAccessCommand },
  { names: ['attack'], load: async () => (await import('./commands/attack.ts')).addAttackCommand },
  { names: ['bench'], load: async () => (await import('./commands/bench.ts')).addBenchCommand },
  { names: ['simulate'], load: async () => (await import('./commands/simulate.ts')).addSimulateCommand },
  { names: ['explain'], load: async () => (await import('./commands/explain.ts')).addExplainCommand },
  { names: ['search'], load: async () => (await import('./commands/search.ts')).addSearchCommand },
  { names: ['snapshot'], load: async () => (await import('./commands/snapshot.ts')).addSnapshotCommand },
  { names: ['verify'], load: async () => (await import('./commands/verify.ts')).addVerifyCommand },
  { names: ['costs'], load: async () => (await import('./commands/costs.ts')).addCostsCommand },
  { names: ['classics'], load: async () => (await import('./commands/classics.ts')).addClassicsCommand },
  { names: ['check'], load: async () => (await import('./commands/check.ts')).addCheckCommand },
  {
    names: ['completion'],
    needsAll: true,
    load: async () => (await import('./commands/completion.ts')).addCompletionCommand,
  },
]

/** The files that these arguments need: the file of the command that they name, otherwise all. */
export function filesFor([first = '']: readonly string[]): readonly CommandFile[] {
  const asked = COMMAND_FILES.filter(({ names }) => names.includes(first))
  const isEnough = asked.length > 0 && !asked.some(({ needsAll }) => needsAll)
  return isEnough ? asked : COMMAND_FILES
}
