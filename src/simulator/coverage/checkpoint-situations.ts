/** Situations of checkpoints and of state transfer: section 2 of the rules. */
import { leads, type Situation } from './situation.ts'
import { effectsOf, isNull, logged, received, sent } from './step-facts.ts'

export const CHECKPOINT_SITUATIONS: readonly Situation[] = [
  {
    name: 'a checkpoint becomes stable',
    rule: '2.1',
    atStep: ({ before, after }) => after.lowWatermark > before.lowWatermark,
  },
  {
    name: 'h moves past what this replica has executed',
    rule: '2.2',
    atStep: ({ seen, after }) =>
      effectsOf(seen, 'stable').some(({ stable }) => stable.sequence > after.lastExecuted),
  },
  {
    name: 'h moves by a certificate that a peer sent',
    rule: '2.8',
    mode: 'signed',
    atStep: ({ seen }) =>
      received(seen, 'stable-checkpoint') !== null && effectsOf(seen, 'stable').length > 0,
  },
  {
    name: 'a checkpoint is made stable by other replicas alone',
    rule: '2.1',
    atStep: ({ seen }) =>
      received(seen, 'checkpoint') !== null &&
      logged(seen, 'stable').some(
        ({ stable }) =>
          stable.checkpoints.length > 0 && stable.checkpoints.every(({ sender }) => sender !== seen.replica),
      ),
  },
  {
    name: 'the log is trimmed behind a stored state',
    rule: '2.2',
    atStep: ({ seen }) => effectsOf(seen, 'trim').length > 0,
  },
  {
    name: 'a transfer begins',
    rule: '2.5',
    rareIn: ['signed', 'oral'],
    atStep: ({ before, after }) => before.target === null && after.target !== null,
  },
  {
    name: 'a transfer is aimed at a newer checkpoint',
    rule: '2.5',
    mode: 'oral',
    rareIn: ['oral'],
    atStep: ({ seen, before }) =>
      effectsOf(seen, 'transfer').some(
        ({ stable }) => before.target !== null && stable.sequence > before.target,
      ),
  },
  {
    name: 'execution overtakes a transfer',
    rule: '2.5',
    rareIn: ['signed', 'oral'],
    atStep: ({ seen, before, after }) =>
      effectsOf(seen, 'stop-transfer').length > 0 &&
      before.target !== null &&
      after.lastExecuted >= before.target,
  },
  {
    name: 'a weak quorum no longer has the state that is fetched',
    rule: '2.5',
    mode: 'oral',
    rareIn: ['oral'],
    atStep: ({ seen }) => seen.event.kind === 'transfer-gone',
  },
  {
    name: 'a transfer ends',
    rule: '2.5',
    rareIn: ['signed', 'oral'],
    atStep: ({ seen }) => seen.event.kind === 'transferred',
  },
  {
    name: 'a replica votes while it fetches a state',
    rule: '2.6',
    mode: 'oral',
    rareIn: ['oral'],
    atStep: ({ seen, after }) =>
      after.target !== null && (sent(seen, 'prepare').length > 0 || sent(seen, 'commit').length > 0),
  },
  {
    name: 'a replica enters a view while it fetches a state',
    rule: '2.6',
    mode: 'oral',
    rareIn: ['oral'],
    atStep: ({ before, after }) => after.target !== null && after.isActive && !before.isActive,
  },
  {
    name: 'a replica leaves a view while it fetches a state',
    rule: '2.6',
    mode: 'oral',
    rareIn: ['oral'],
    atStep: ({ before, after }) => after.target !== null && after.view > before.view,
  },
  {
    name: 'a decision brings a batch inside the window',
    rule: '2.7',
    atStep: ({ seen, before }) =>
      logged(seen, 'decided').some(
        ({ commits: [vote] }) =>
          received(seen, 'decision') !== null && vote !== undefined && vote.sequence > before.lowWatermark,
      ),
  },
  {
    name: 'an idle primary fills up with null batches',
    rule: '2.8',
    atStep: ({ seen, after, n }) =>
      leads(seen.replica, after, n) &&
      logged(seen, 'proposed').some(({ content }) => isNull(seen, content.batch.digest)),
  },
]
