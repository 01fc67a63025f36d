/** The command simulate: one seed in detail, or many on all cores. */
import type { Command } from 'commander'
import { analysis, shared } from '../options.ts'
import type { SimulateFlags } from '../simulate-command.ts'
import { reflow } from '../terminal.ts'

const HELP = `
Examples:
  strategos simulate --seed 7 --trace
  strategos simulate --seeds 1..2000 --auth oral
  strategos simulate --seed 7 --playground seed-7.html

Exit codes: 0 every invariant held, 127 the program broke, 128 liveness failed,
129 safety failed.`

/** The options that say what is run; exactly one is given. */
const SUBJECTS: readonly string[] = ['seed', 'seeds', 'plan', 'twins', 'scenarios']
const othersThan = (own: string): string[] => SUBJECTS.filter((each) => each !== own)

export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description(
      'simulate a cluster with faults drawn from a seed, and check every invariant after every step',
    )
    .addOption(shared.seed('run this seed').conflicts(othersThan('seed')))
    .addOption(analysis.seeds().conflicts(othersThan('seeds')))
    .addOption(analysis.plan().conflicts(othersThan('plan')))
    .addOption(analysis.twins().conflicts(othersThan('twins')))
    .addOption(analysis.scenarios().conflicts(othersThan('scenarios')))
    .addOption(analysis.untilFailure())
    .addOption(analysis.only())
    .addOption(analysis.sometimes().conflicts(othersThan('seeds')))
    .addOption(analysis.drawnReplicas())
    .addOption(shared.auth())
    .addOption(analysis.trace().conflicts(['seeds', 'twins', 'scenarios']))
    .addOption(analysis.steps().conflicts(['seeds', 'twins', 'scenarios', 'only', 'playground']))
    .addOption(analysis.playground().conflicts(['seeds', 'twins', 'scenarios']))
    .addOption(analysis.noShrink())
    .addOption(analysis.savePlan())
    .addOption(shared.json())
    .addHelpText('after', () => reflow(HELP))
    .action(async (flags: SimulateFlags) => (await import('../simulate-command.ts')).runSimulations(flags))
}
