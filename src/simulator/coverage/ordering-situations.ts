/** Situations of the normal case: section 1 of the rules, and of the slow primary and isolation in section 5. */
import { replicaIds } from '../../base/ids.ts'
import { isClaimed } from '../../messages/oral/inferred-messages.ts'
import { highWatermark } from '../../pbft/checkpoints/watermarks.ts'
import { PIPELINE_WINDOW } from '../../pbft/parameters.ts'
import { leads, type Situation, type StepMoment } from './situation.ts'
import { effectsOf, isNull, logged, received, refuses, sent, sentAgain, turnsAway } from './step-facts.ts'

const isOfClient = ({ seen: { event } }: StepMoment): boolean =>
  event.kind === 'received' && event.message.kind === 'request' && event.from.kind === 'client'

export const ORDERING_SITUATIONS: readonly Situation[] = [
  {
    name: 'a backup relays a request to the primary',
    rule: '1.1',
    atStep: ({ seen }) =>
      seen.event.kind === 'ticked' &&
      seen.effects.some(
        (effect) =>
          effect.kind === 'send' &&
          effect.outgoing.kind === 'relayed' &&
          effect.outgoing.message.kind === 'request',
      ),
  },
  {
    name: 'an executed request is answered again from the session',
    rule: '1.1',
    atStep: ({ seen }) => effectsOf(seen, 'reply-again').length > 0,
  },
  {
    name: 'an old timestamp is refused',
    rule: '1.1',
    atStep: ({ seen }) => turnsAway(seen, 'stale'),
  },
  {
    name: 'a timestamp that another session used is refused',
    rule: '1.8',
    atStep: ({ seen }) => turnsAway(seen, 'another-session'),
  },
  {
    name: 'a client whose room is full is refused',
    rule: '1.1',
    atStep: ({ seen }) => turnsAway(seen, 'busy'),
  },
  {
    name: 'a batch ahead of the clock is held back',
    rule: '1.2',
    atStep: ({ before, after }) => after.heldBack > before.heldBack,
  },
  {
    name: 'a batch that was held back is accepted later',
    rule: '1.2',
    atStep: ({ before, after, seen }) =>
      after.heldBack < before.heldBack && seen.event.kind === 'ticked' && logged(seen, 'accepted').length > 0,
  },
  {
    name: 'a second batch for an accepted place is refused',
    rule: '1.2',
    rareIn: ['oral'],
    atStep: ({ seen }) => refuses(seen, 'conflicting-pre-prepare'),
  },
  {
    name: 'a PRE-PREPARE outside the window is refused',
    rule: '1.2',
    atStep: ({ seen }) => refuses(seen, 'outside-window'),
  },
  {
    name: 'a PREPARE from the primary is refused',
    rule: '1.3',
    mode: 'signed',
    rareIn: ['signed'],
    atStep: ({ seen }) => refuses(seen, 'prepare-from-primary'),
  },
  {
    name: 'a backup is prepared without its own PREPARE',
    rule: '1.3',
    atStep: ({ seen, after, n }) =>
      !leads(seen.replica, after, n) &&
      logged(seen, 'prepared').some(({ certificate }) =>
        certificate.prepares.every(({ sender }) => sender !== seen.replica),
      ),
  },
  {
    name: 'a batch is decided that this replica did not accept',
    rule: '1.4',
    atStep: ({ seen }) =>
      logged(seen, 'decided').some(
        ({ commits: [vote] }) =>
          vote !== undefined && seen.state.ordering.slots.get(vote.sequence)?.accepted === null,
      ),
  },
  {
    name: 'a batch is decided in a view that this replica has left',
    rule: '1.4',
    atStep: ({ seen, before }) =>
      logged(seen, 'decided').some(({ commits: [vote] }) => vote !== undefined && vote.view < before.view),
  },
  {
    name: 'a batch is decided by the certificate that a peer sent',
    rule: '1.4',
    mode: 'signed',
    atStep: ({ seen }) => received(seen, 'decision') !== null && logged(seen, 'decided').length > 0,
  },
  {
    name: 'a vote for a view that has not begun is kept',
    rule: '1.5',
    atStep: ({ seen: { state }, n }) =>
      replicaIds(n).some((id) => state.ordering.early.sizeFor(id).count > 0),
  },
  {
    name: 'a second, different vote counts for nothing',
    rule: '1.5',
    mode: 'signed',
    atStep: ({ seen }) => refuses(seen, 'conflicting-vote'),
  },
  {
    name: 'two signed votes are evidence',
    rule: '1.5',
    mode: 'signed',
    atStep: ({ seen }) =>
      logged(seen, 'evidence').some(
        ({ isNew, evidence }) =>
          isNew && (evidence.first.kind === 'prepare' || evidence.first.kind === 'commit'),
      ),
  },
  {
    name: 'two signed PRE-PREPAREs are evidence',
    rule: '1.5',
    mode: 'signed',
    atStep: ({ seen }) =>
      logged(seen, 'evidence').some(({ isNew, evidence }) => isNew && evidence.first.kind === 'pre-prepare'),
  },
  {
    name: 'evidence is made of a vote that another replica shows',
    rule: '1.5',
    mode: 'signed',
    atStep: ({ seen }) =>
      received(seen, 'exhibit') !== null && logged(seen, 'evidence').some(({ isNew }) => isNew),
  },
  {
    name: 'evidence survives a trim of the log',
    rule: '1.5',
    mode: 'signed',
    atStep: ({ seen }) => logged(seen, 'evidence').some(({ isNew }) => !isNew),
  },
  {
    name: 'a batch is decided before the one in front of it',
    rule: '1.6',
    atStep: ({ seen, before }) =>
      logged(seen, 'decided').some(
        ({ commits: [vote] }) => vote !== undefined && vote.sequence > before.lastExecuted + 1,
      ),
  },
  {
    name: 'a null batch is executed',
    rule: '1.6',
    atStep: ({ seen }) => effectsOf(seen, 'execute').some(({ batch }) => isNull(seen, batch.digest)),
  },
  {
    name: 'a request stands in two batches and is executed once',
    rule: '1.2',
    atExecution: ({ seen: { outcomes } }) => outcomes.some(({ standing }) => standing === 'executed'),
  },
  {
    name: 'a batch holds nothing that was not executed before',
    rule: '1.2',
    rareIn: ['signed', 'oral'],
    atExecution: ({ seen: { outcomes } }) =>
      outcomes.length > 0 && outcomes.every(({ standing }) => standing === 'executed'),
  },
  {
    name: 'a request is executed behind a later one of its client',
    rule: '1.8',
    atExecution: ({ seen: { outcomes }, highestTimestamps }) =>
      outcomes.some(
        ({ client, timestamp, standing }) =>
          standing === 'new' && timestamp < (highestTimestamps.get(client) ?? 0),
      ),
  },
  {
    name: 'two sessions use one timestamp, and the second gets nothing',
    rule: '1.8',
    mode: 'oral',
    rareIn: ['oral'],
    atExecution: ({ seen: { outcomes } }) => outcomes.some(({ standing }) => standing === 'another-session'),
  },
  {
    name: 'the timer ends a view for a request that was not served',
    rule: '1.9',
    atStep: ({ seen, before, after }) =>
      seen.event.kind === 'ticked' &&
      before.isActive &&
      !after.isActive &&
      before.stalledSince === null &&
      after.stalledSince !== null,
  },
  {
    name: 'the timer runs for the checkpoint of a recovery',
    rule: '1.9',
    atStep: ({ before, after }) => after.isTimerForRecovery && !before.isTimerForRecovery,
  },
  {
    name: 'a tick counts for nothing, because one batch is executed all the time',
    rule: '1.9',
    atStep: ({ seen, before, after }) =>
      seen.event.kind === 'ticked' &&
      after.executingAtTick !== null &&
      after.executingAtTick === before.executingAtTick,
  },
  {
    name: 'the pipeline of the primary is full',
    rule: '1.10',
    atStep: ({ seen, after, n }) =>
      leads(seen.replica, after, n) &&
      after.isActive &&
      after.lastProposed - after.lastExecuted === PIPELINE_WINDOW,
  },
  {
    name: 'the high watermark stops the primary',
    rule: '1.10',
    mode: 'oral',
    rareIn: ['oral'],
    atStep: ({ seen, after, n }) =>
      leads(seen.replica, after, n) &&
      after.isActive &&
      after.lastProposed === highWatermark(seen.state) &&
      seen.state.requests.waiting.unproposed > 0,
  },
  {
    name: 'a lagging replica is served decisions',
    rule: '1.11',
    atStep: ({ seen }) => effectsOf(seen, 'serve').length > 0,
  },
  {
    name: 'a batch is served by its digest',
    rule: '1.11',
    rareIn: ['oral'],
    atStep: ({ seen }) => effectsOf(seen, 'serve-batch').length > 0 || sent(seen, 'batch').length > 0,
  },
  {
    name: 'a PRE-PREPARE is sent again',
    rule: '1.11',
    atStep: ({ seen }) => received(seen, 'status') !== null && sentAgain(seen, 'pre-prepare'),
  },
  {
    name: 'a VIEW-CHANGE is sent again',
    rule: '1.11',
    atStep: ({ seen }) =>
      received(seen, 'status') !== null && sentAgain(seen, 'view-change', 'oral-view-change'),
  },
  {
    name: 'a NEW-VIEW is sent again',
    rule: '1.11',
    atStep: ({ seen }) => received(seen, 'status') !== null && sentAgain(seen, 'new-view', 'oral-new-view'),
  },
  {
    name: 'a link swallows past the healing, and is ended then',
    rule: '1.11',
    atSilentLink: (hasHealed) => hasHealed,
  },
  {
    name: 'a client asks a backup itself',
    rule: '1.12',
    atStep: (moment) => isOfClient(moment) && !leads(moment.seen.replica, moment.after, moment.n),
  },
  {
    name: 'a replica complains about the primary of its view',
    rule: '5.4',
    mode: 'signed',
    atStep: ({ before, after }) => after.complaint !== null && before.complaint === null,
  },
  {
    name: 'a primary comes on the blacklist',
    rule: '5.4',
    mode: 'signed',
    atStep: ({ before, after }) => after.blacklisted > before.blacklisted,
  },
  {
    name: 'the view of a blacklisted primary is passed by',
    rule: '5.4',
    mode: 'signed',
    rareIn: ['signed'],
    atStep: ({ seen, before, after, n }) =>
      seen.event.kind === 'ticked' &&
      after.view > before.view + 1 &&
      seen.state.suspicion.blacklist.has(((before.view + 1) % n) as typeof seen.replica),
  },
  {
    name: 'a peer that floods or fails checks is cut off',
    rule: '5.5',
    mode: 'signed',
    atRejection: ({ reason }) => reason === 'cut-off',
  },
  {
    name: 'a batch is decided by the word of W',
    rule: '4.8',
    mode: 'oral',
    atStep: ({ seen }) => logged(seen, 'decided').some(({ commits }) => isClaimed(commits)),
  },
  {
    name: 'a read is answered without ordering',
    rule: '5.1',
    atAnswer: ({ isUnordered }) => isUnordered === true,
  },
  {
    name: 'a read is ordered after all',
    rule: '5.1',
    atRequest: ({ isOrderedRead }) => isOrderedRead === true,
  },
  {
    name: 'a replica leaves a read to be ordered',
    rule: '5.1',
    atReadAnswer: ({ isRefused }) => isRefused,
  },
  {
    name: 'a reply waits until its batch is on disk',
    rule: '5.1',
    atStep: ({ seen }) => seen.event.kind === 'persisted' && effectsOf(seen, 'reply').length > 0,
  },
]
