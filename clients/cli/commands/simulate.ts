/** simulate: one seed in detail, or many on all cores. */
import { type Command, Option } from 'commander'
import { analysis, shared } from '../options.ts'
import type { SimulateFlags } from '../simulate-command.ts'

/** The things that can be run; exactly one of them is. */
const SUBJECTS: readonly string[] = ['seed', 'seeds', 'plan', 'twins', 'scenarios']
const othersThan = (own: string): string[] => SUBJECTS.filter((each) => each !== own)

export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description(
      'run a virtual cluster with faults drawn from a seed, every invariant checked after every step',
    )
    .addOption(shared.seed('one run').conflicts(othersThan('seed')))
    .addOption(analysis.seeds().conflicts(othersThan('seeds')))
    .addOption(analysis.plan().conflicts(othersThan('plan')))
    .addOption(
      new Option('--twins', 'f replicas run twice with one key, over partitions and primaries').conflicts(
        othersThan('twins'),
      ),
    )
    .addOption(
      new Option('--scenarios', 'every plan that was written by hand').conflicts(othersThan('scenarios')),
    )
    .option('--until-failure', 'with --seeds or --scenarios: begin no more after the first failure')
    .addOption(analysis.drawnReplicas())
    .addOption(shared.auth())
    .addOption(
      new Option('--trace', 'with --seed or --plan: print every step').conflicts([
        'seeds',
        'twins',
        'scenarios',
      ]),
    )
    .option('--no-shrink', 'leave a failing plan as it is')
    .addOption(analysis.savePlan())
    .addOption(shared.json())
    .addHelpText('after', '\nExit codes: 0 held, 127 the program broke, 128 liveness, 129 safety.')
    .action(async (flags: SimulateFlags) => (await import('../simulate-command.ts')).runSimulations(flags))
}
