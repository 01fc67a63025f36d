import { primary } from '../../../src/pbft/views/view-state.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import {
  all,
  cutOff,
  nobodySuspected,
  onlyTraitorsSuspected,
  viewChanges,
} from '../../language/expectations.ts'
import { FLOOD_EXCEEDS, floodOf } from './flood.ts'

export const floodPrimary: Attack = {
  name: 'flood-primary',
  world: 'both',
  targets: ['performance', 'accuracy'],
  does: 'as backup sends valid messages at full rate to the primary, so that the others suspect it',
  source: 'Clement et al., Aardvark, NSDI 2009, section 4.4',
  expects: 'at most one view change, and the sender is disconnected for a while',
  exceeds: FLOOD_EXCEEDS,
  traitors: lastBackups,
  behaviour: () => floodOf(({ victims, state }) => victims.find((id) => id === primary(state))),
  judge: all(viewChanges(0, 1), cutOff, nobodySuspected),
  inspect: onlyTraitorsSuspected,
}
