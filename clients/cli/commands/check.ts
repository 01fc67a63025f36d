/** The command check: it decides whether a recorded history is linearizable. */
import type { Command } from 'commander'
import type { CheckFlags } from '../check-command.ts'
import { analysis, shared } from '../options.ts'
import { reflow } from '../terminal.ts'

const HELP = `
A history has one JSON object per line, in the order of the events:
  {"process":0,"type":"invoke","f":"write","key":"x","value":1}
  {"process":0,"type":"ok","f":"write","key":"x","value":1}
f is read, write or cas, whose value is [old, new]; a read's value stands in its ok. A
delete is a write of null, and every key holds null at first. ok: it happened. fail: it
had no effect. info, or no end at all: it may have happened at any later time, or never.

Exit codes: 0 linearizable, 1 not linearizable, 2 no such file or no such history,
3 undecided within the limits.`

export function addCheckCommand(program: Command): void {
  program
    .command('check <file>')
    .description('decide whether a recorded history is linearizable; - reads standard input')
    .addOption(analysis.maxConfigurations())
    .addOption(shared.json('print the verdict as JSON'))
    .addHelpText('after', () => reflow(HELP))
    .action(async (file: string, flags: CheckFlags) =>
      (await import('../check-command.ts')).check(file, flags),
    )
}
