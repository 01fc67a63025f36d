/** attack list, attack NAME. */
import { Argument, type Command } from 'commander'
import { corrupt } from '../../attacks/behaviour/adversary.ts'
import { CATALOGUE } from '../../attacks/catalogue.ts'
import { toReplicaId } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { directoryOption, wholeNumber } from './options.ts'
import { runReplica } from './running-replica.ts'

export function addAttackCommands(program: Command): void {
  program
    .command('attack')
    .description('run replicas of a cluster as adversaries; "list" tells which there are')
    .addArgument(new Argument('<name>', 'the adversary').choices(['list', ...CATALOGUE.keys()]))
    .addOption(directoryOption())
    .option('--traitor <i>', 'the replica that it plays, in the foreground', wholeNumber)
    .action(async (name: string, { dir, traitor }: { dir: string; traitor?: number }, command: Command) => {
      const attack = CATALOGUE.get(name)
      if (attack === undefined) {
        for (const each of CATALOGUE.values()) console.log(`${each.name}\t${each.does}`)
        return
      }
      if (traitor === undefined) command.error('Say with --traitor which replica it plays.')
      await runReplica({
        directory: dir,
        id: traitor,
        adversary: {
          name,
          recompose: corrupt({
            behaviour: attack.behaviour,
            board: { traitors: [toReplicaId(traitor)], notes: new Map() },
            random: createRandom(traitor),
            isOn: () => true,
            onAct: () => {},
          }),
        },
      })
    })
}
