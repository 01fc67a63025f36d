/** Situations of restarts, of lost and old disks, and of several faults that meet: section 6 of the rules. */
import { type Course, leads, type Situation, type StepMoment } from './situation.ts'
import { logged, received, sent, sentAgain } from './step-facts.ts'

const resumes = ({ seen }: StepMoment): boolean => seen.event.kind === 'resumed'
const recallEnds = ({ before, after }: StepMoment): boolean => before.isRecalling && !after.isRecalling
const heals = ({ seen }: StepMoment): boolean => logged(seen, 'healed').length > 0
const isLost = ({ facts }: Course): boolean => facts?.health === 'amnesiac'

export const RESTART_SITUATIONS: readonly Situation[] = [
  {
    name: 'a replica restarts, and reads its view back',
    rule: '6.2',
    rareIn: ['oral'],
    atStep: (moment) => resumes(moment) && moment.own.interrupted !== null && moment.after.view > 0,
  },
  {
    name: 'a primary restarts in its own view',
    rule: '6.2',
    atStep: (moment) =>
      resumes(moment) &&
      moment.own.interrupted !== null &&
      moment.after.isActive &&
      leads(moment.seen.replica, moment.after, moment.n),
  },
  {
    name: 'a restarted primary sends its PRE-PREPARE again',
    rule: '6.2',
    atStep: (moment) =>
      recallEnds(moment) &&
      (sent(moment.seen, 'relayed').some(({ message }) => message.kind === 'pre-prepare') ||
        moment.seen.state.durability.withheld.some(
          ({ outgoing }) => outgoing.kind === 'relayed' && outgoing.message.kind === 'pre-prepare',
        )),
  },
  {
    name: 'a vote is sent again after a restart',
    rule: '6.2',
    atStep: ({ seen, own }) =>
      own.sentBefore.size > 0 &&
      [...sent(seen, 'prepare'), ...sent(seen, 'commit')].some(({ kind, view, sequence }) =>
        own.sentBefore.has(`${kind} ${view} ${sequence}`),
      ),
  },
  {
    name: 'a replica restarts inside a view change',
    rule: '6.2',
    rareIn: ['oral'],
    atStep: (moment) => resumes(moment) && moment.own.interrupted !== null && !moment.after.isActive,
  },
  {
    name: 'a restarted primary sends its NEW-VIEW again',
    rule: '6.2',
    mode: 'oral',
    rareIn: ['oral'],
    atStep: (moment) =>
      recallEnds(moment) &&
      sent(moment.seen, 'relayed').some(
        ({ message }) => message.kind === 'new-view' || message.kind === 'oral-new-view',
      ),
  },
  {
    name: 'a replica restarts with batches that it has not executed',
    rule: '6.2',
    atStep: (moment) =>
      resumes(moment) &&
      moment.own.interrupted !== null &&
      [...moment.seen.state.ordering.slots.values()].some(
        ({ prepared, decided }) => prepared !== null && decided === null,
      ),
  },
  {
    name: 'a replica restarts with less than it had executed',
    rule: '6.1',
    atStep: (moment) =>
      resumes(moment) && moment.after.lastExecuted < (moment.own.interrupted?.lastExecuted ?? 0),
  },
  {
    name: 'the power fails in the middle of a batch',
    rule: '6.1',
    atFault: ({ fault }) => fault.kind === 'crash-within' && fault.point === 'execute',
  },
  {
    name: 'the power fails between append and sync',
    rule: '6.1',
    atFault: ({ fault }) => fault.kind === 'crash-within' && fault.point === 'sync',
  },
  {
    name: 'a disk has no room',
    rule: '6.1',
    atFault: ({ fault }) => fault.kind === 'fill-disk',
  },
  {
    name: 'stored pages rot',
    rule: '6.3',
    atFault: ({ fault }) => fault.kind === 'rot-pages',
  },
  {
    name: 'the synced part of a log rots',
    rule: '6.3',
    rareIn: ['oral'],
    atFault: ({ fault }) => fault.kind === 'rot-log',
  },
  {
    name: 'a replica crashes inside a view change',
    rule: '6.2',
    rareIn: ['oral'],
    atFault: ({ fault, struck }) => fault.kind === 'crash' && struck?.facts?.isActive === false,
  },
  {
    name: 'the primary of the latest view crashes',
    rule: '6.2',
    atFault: ({ fault, struck, all, n }) => {
      const views = all.map(({ facts }) => facts?.view ?? 0)
      const facts = struck?.facts ?? null
      if (fault.kind !== 'crash' || struck === null || facts === null) return false
      return facts.view === Math.max(...views) && leads(struck.id, facts, n)
    },
  },
  {
    name: 'an old copy of a disk is put back',
    rule: '6.4',
    atFault: ({ fault }) => fault.kind === 'old-disk',
  },
  {
    name: 'a replica starts without what it had promised',
    rule: '6.4',
    rareIn: ['oral'],
    atStep: (moment) => resumes(moment) && moment.after.health === 'amnesiac',
  },
  {
    name: 'others prove that a replica has forgotten',
    rule: '6.4',
    rareIn: ['oral'],
    atStep: ({ seen }) => logged(seen, 'forgotten').length > 0,
  },
  {
    name: 'answers end the check at a start',
    rule: '6.4',
    atStep: (moment) => recallEnds(moment) && moment.seen.event.kind === 'received',
  },
  {
    name: 'time ends the check at a start',
    rule: '6.4',
    atStep: (moment) => recallEnds(moment) && moment.seen.event.kind === 'ticked',
  },
  {
    name: 'a replica answers a recall before its own check has ended',
    rule: '6.4',
    atStep: ({ seen, after }) =>
      received(seen, 'recall') !== null &&
      after.isRecalling &&
      sent(seen, 'recollection').length + sent(seen, 'oral-recollection').length > 0,
  },
  {
    name: 'a recovery operation is executed and accepted',
    rule: '6.4',
    atExecution: ({ seen: { outcomes } }) => outcomes.some(({ recovery }) => recovery?.isAccepted === true),
  },
  {
    name: 'a recovery operation is refused for its distance',
    rule: '6.4',
    mode: 'signed',
    rareIn: ['signed'],
    atExecution: ({ seen: { outcomes } }) =>
      outcomes.some(({ recovery, standing }) => recovery?.isAccepted === false && standing === 'new'),
  },
  {
    name: 'a recovery operation is asked for again',
    rule: '6.4',
    rareIn: ['oral'],
    atStep: ({ seen, before }) =>
      seen.event.kind === 'ticked' &&
      before.hasRecovery &&
      sent(seen, 'relayed').some(
        ({ message }) =>
          message.kind === 'request' && message.client !== null && before.health === 'amnesiac',
      ),
  },
  {
    name: 'a replica is healed',
    rule: '6.4',
    atStep: heals,
  },
  {
    name: 'a replica is healed a second time',
    rule: '6.4',
    rareIn: ['signed', 'oral'],
    atStep: (moment) => heals(moment) && moment.own.healedTimes > 0,
  },
  {
    name: 'a replica is healed while another one is lost or down',
    rule: '6.4',
    mode: 'signed',
    atStep: (moment) =>
      heals(moment) &&
      moment.all.some((other) => other.id !== moment.own.id && (isLost(other) || other.isDown)),
  },
  {
    name: 'two recoveries wait at once',
    rule: '6.4',
    mode: 'signed',
    atStep: ({ after }) => after.waitingRecoveries > 1,
  },
  {
    name: 'an amnesiac replica restarts before it is healed',
    rule: '6.4',
    rareIn: ['oral'],
    atStep: (moment) =>
      resumes(moment) && moment.after.health === 'amnesiac' && moment.own.interrupted?.health === 'amnesiac',
  },
  {
    name: 'a replica changes views for a recovery',
    rule: '6.4',
    rareIn: ['oral'],
    atStep: ({ seen, before, after }) =>
      seen.event.kind === 'ticked' &&
      after.waitingRecoveries < before.waitingRecoveries &&
      after.view > before.view,
  },
  {
    name: 'a recovery finds its views left already',
    rule: '6.4',
    rareIn: ['oral'],
    atStep: ({ seen, before, after }) =>
      seen.event.kind === 'ticked' &&
      after.waitingRecoveries < before.waitingRecoveries &&
      after.view === before.view,
  },
  {
    name: 'a healed replica leads',
    rule: '6.4',
    rareIn: ['signed', 'oral'],
    atStep: ({ seen, own, after, n }) =>
      own.healedTimes > 0 && after.isActive && leads(seen.replica, after, n),
  },
  {
    name: 'a replica knows of recoveries from its log',
    rule: '6.4',
    mode: 'signed',
    rareIn: ['signed'],
    atStep: (moment) => resumes(moment) && moment.after.waitingRecoveries > 0,
  },
  {
    name: 'a second fault strikes while a replica is lost',
    rule: '6.4',
    mode: 'signed',
    atFault: ({ fault, all, struck }) =>
      (fault.kind === 'crash' || fault.kind === 'lose-disk' || fault.kind === 'turn') &&
      all.some((other) => other !== struck && isLost(other)),
  },
  {
    name: 'a client starts anew without its counter',
    rule: '1.8',
    atFault: ({ fault }) => fault.kind === 'restart-client' && fault.losesCounter,
  },
  {
    name: 'a replica turns traitor after it was correct',
    rule: '7',
    atFault: ({ fault }) => fault.kind === 'turn' && fault.atMs > 0,
  },
  {
    name: 'a VIEW-CHANGE of a former life is sent again',
    rule: '6.2',
    rareIn: ['oral'],
    atStep: (moment) =>
      recallEnds(moment) &&
      (sentAgain(moment.seen, 'view-change', 'oral-view-change') ||
        sent(moment.seen, 'relayed').some(
          ({ message }) => message.kind === 'view-change' || message.kind === 'oral-view-change',
        )),
  },
]
