import { primary } from '../../../src/pbft/views/view-state.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import {
  all,
  cutOff,
  latencyAtMost,
  nobodySuspected,
  noViewChange,
  onlyTraitorsSuspected,
} from '../../language/expectations.ts'
import { FLOOD_EXCEEDS, floodOf } from './flood.ts'

export const floodBackup: Attack = {
  name: 'flood-backup',
  world: 'both',
  targets: ['performance', 'accuracy'],
  does: 'as backup sends valid messages at full rate to one correct backup, so that the others suspect it',
  source: 'Clement et al., Aardvark, NSDI 2009, section 4.4',
  expects: 'the backup is neither late nor suspected, and disconnects the sender for a while',
  exceeds: FLOOD_EXCEEDS,
  traitors: lastBackups,
  behaviour: () => floodOf(({ victims, state }) => victims.find((id) => id !== primary(state))),
  judge: all(noViewChange, cutOff, nobodySuspected),
  inspect: all(onlyTraitorsSuspected, latencyAtMost(500)),
}
