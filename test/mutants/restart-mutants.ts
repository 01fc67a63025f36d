/** Mistakes against section 6 of the rules. */
import { type Mutant, UNSEEN } from './mutant.ts'

const AMNESIA = 'paper/6.4-amnesia.test.ts'
const RETURN = 'paper/6.4-return.test.ts'

/** Which records something waits for, and the test that sees it where no run does. */
const RECORDS: readonly (readonly [string, NonNullable<Mutant['paper']> | null])[] = [
  ['prepared', null],
  [
    'checkpoint',
    { file: 'paper/2.1-2.4-checkpoints.test.ts', test: 'it waits for the disk', why: UNSEEN.rare },
  ],
  [
    'view-change',
    { file: 'paper/6.2-view-restart.test.ts', test: 'VIEW-CHANGE waits for v', why: UNSEEN.rare },
  ],
  [
    'new-view-made',
    { file: 'paper/6.2-view-restart.test.ts', test: 'NEW-VIEW waits for its record', why: UNSEEN.rare },
  ],
]

export const RESTART_MUTANTS: readonly Mutant[] = [
  {
    name: 'a replica without the first state executes on an empty one',
    rule: '6.4',
    within: 'lacksState',
    search: ' || transfer.isNeeded',
    replacement: '',
    paper: {
      file: 'paper/6.4-healing.test.ts',
      test: 'the state that the cluster began with',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a vote is sent before its record is on disk',
    rule: '6',
    within: 'onPersisted',
    search: 'if (withheld.records > records)',
    replacement: 'if (withheld.records > records + 1)',
  },
  {
    name: 'an accepted pre-prepare is not logged',
    rule: '6',
    within: 'accept',
    search: "persist(turn, { kind: 'accepted', prePrepare });",
    replacement: '',
  },
  ...RECORDS.map(
    ([kind, paper]): Mutant => ({
      name: `what depends on a record of kind ${kind} does not wait for it`,
      rule: '6',
      within: 'persistThenBroadcast',
      search: 'withhold(turn, durable.outgoing);',
      replacement: `if (durable.record.kind === '${kind}') turn.effects.push({ kind: 'broadcast', outgoing: durable.outgoing });\n    else withhold(turn, durable.outgoing);`,
      ...(paper === null ? {} : { paper }),
    }),
  ),
  {
    name: 'PRE-PREPARE does not wait for its record',
    rule: '6',
    within: 'sendFirstVote',
    search: 'return withhold(turn, vote);',
    replacement:
      "return vote.kind === 'pre-prepare' ? void effects.push({ kind: 'broadcast', outgoing: vote }) : withhold(turn, vote);",
  },
  {
    name: 'PREPARE does not wait for the accepted pre-prepare',
    rule: '6',
    within: 'withhold',
    search: 'state.durability.withheld.push({ records: state.durability.recordsEmitted, outgoing, to });',
    replacement:
      "state.durability.withheld.push({ records: outgoing.kind === 'prepare' ? state.durability.recordsEmitted - 1 : state.durability.recordsEmitted, outgoing, to });",
  },
  {
    name: 'the first votes of a view do not wait for its NEW-VIEW',
    rule: '6',
    within: 'onNewView',
    search: "persist(turn, { kind: 'new-view', newView });",
    replacement: '',
  },
  {
    name: 'a restart forgets what was prepared',
    rule: '6.2',
    within: 'replay',
    search: 'replayPrepared(state, record.certificate);',
    replacement: '',
    paper: {
      file: 'paper/6.2-view-restart.test.ts',
      test: 'P survives it: what was prepared stands in the next VIEW-CHANGE',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a restarted primary proposes from where it executed',
    rule: '6.2',
    within: 'replayAccepted',
    search: 'state.ordering.lastProposed = sequence;\n    replayHeader',
    replacement: '{ }\n    replayHeader',
  },
  {
    name: 'a restarted primary does not send its logged pre-prepares again',
    rule: '6.2',
    within: 'resumeSlot',
    search: "broadcastDurably(turn, { kind: 'relayed', message });",
    replacement: '',
    paper: {
      file: 'paper/6.2-restart.test.ts',
      test: 'a primary sends its logged PRE-PREPAREs again byte for byte',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'the log is replayed without its decisions',
    rule: '6.2',
    within: 'replay',
    search: 'replayDecided(turn, record.commits, record.batch);',
    replacement:
      'if (record.commits[0].sequence % 2 === 0)\n                replayDecided(turn, record.commits, record.batch);',
    paper: {
      file: 'paper/6.2-restart.test.ts',
      test: 'decisions are executed again in their order, whatever order the log has',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'a restart forgets that the view was left',
    rule: '6.2',
    within: 'replay',
    search: 'replayViewChange(state, record.viewChange);',
    replacement: '',
    paper: {
      file: 'paper/6.2-view-restart.test.ts',
      test: 'between views it sends its VIEW-CHANGE again, byte for byte, and goes on waiting',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a restart forgets O',
    rule: '6.2',
    within: 'replay',
    search: 'replayNewView(state, record.newView);',
    replacement: '',
    paper: {
      file: 'paper/6.2-view-restart.test.ts',
      test: 'O is as binding after it as before',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'an amnesiac replica votes',
    rule: '6.4',
    within: 'mayVote',
    search: "export const mayVote = (state) => state.recovery.health === 'sound'",
    replacement: "export const mayVote = (state) => state.recovery.health !== 'diverged'",
  },
  {
    name: 'no log passes for a first start',
    rule: '6.4',
    within: 'initialStateOf',
    search: "isAmnesiac: replay.beginning === 'amnesia'",
    replacement: 'isAmnesiac: false',
  },
  {
    name: 'what the others have from it is not looked at',
    rule: '6.4',
    within: 'onRecollection',
    search: 'message.sender === config.id && isForgotten(state, message)',
    replacement: 'false',
    paper: {
      file: 'paper/6.4-recall.test.ts',
      test: 'that it does not know makes it amnesiac',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'an amnesiac replica is healed as soon as it is level',
    rule: '6.4',
    within: 'healIfReady',
    search: 'const isHistory = executed.sequence + logWindow(state) <= state.checkpoints.lowWatermark;',
    replacement: 'const isHistory = true;',
  },
  {
    name: 'an amnesiac replica is healed by the checkpoint behind s_r',
    rule: '6.4',
    within: 'healIfReady',
    search: 'const isHistory = executed.sequence + logWindow(state) <= state.checkpoints.lowWatermark;',
    replacement: 'const isHistory = executed.sequence <= state.checkpoints.lowWatermark;',
    paper: {
      file: RETURN,
      test: 'not before the checkpoint at or above s_r + L is stable',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'an amnesiac replica is healed when its transfer is done',
    rule: '6.4',
    within: 'onTransferred',
    search: "if (state.recovery.health === 'diverged')\n        state.recovery.health = 'sound';",
    replacement: "state.recovery.health = 'sound';",
    paper: { file: RETURN, test: 'a checkpoint alone does not do it', why: UNSEEN.rare },
  },
  {
    name: 'a healed replica comes back in view u + 1',
    rule: '6.4',
    within: 'healIfReady',
    search: 'const view = (executed.view + 2);',
    replacement: 'const view = (executed.view + 1);',
    paper: {
      file: RETURN,
      test: 'it comes back with VIEW-CHANGE(u + 2), once that is on disk, and never votes below',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'the others do not leave the views of what was forgotten',
    rule: '6.4',
    within: 'finishRecoveries',
    search: 'if (state.views.view < view + 2)\n            startViewChange(turn, (view + 2));',
    replacement: '',
    paper: {
      file: 'paper/6.4-helping.test.ts',
      test: 'each of them below view u + 2 goes there when its own h has reached s_r + L',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a nonce that was found executed without a certificate is kept',
    rule: '6.4',
    within: 'renewLostRecovery',
    search: "state.recovery.own = null;\n    effects.push({ kind: 'prepare-recovery' });",
    replacement: '',
    paper: {
      file: AMNESIA,
      test: 'found executed in a transferred state, without a certificate, it takes a new nonce',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a recovery that was refused heals',
    rule: '6.4',
    within: 'noteRecoveries',
    search: 'if (!isAccepted) {',
    replacement: 'if (false) {',
    paper: { file: AMNESIA, test: 'one that is executed and refused heals nothing', why: UNSEEN.rare },
  },
  {
    name: 'a repeated nonce is accepted again',
    rule: '6.4',
    within: 'Recoveries.acceptedAt',
    search: 'return accepted === null ? null : readU64(accepted, 0);',
    replacement: 'return null;',
    paper: {
      file: 'store/transfer.test.ts',
      test: 'are accepted once each, by the digest of the request',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'recoveries of one replica keep no distance',
    rule: '6.4',
    within: 'Recoveries.accept',
    search: 'if (sequence < acceptedFrom)\n            return false;',
    replacement: '',
    paper: {
      file: 'store/transfer.test.ts',
      test: 'the next one is refused for a distance that doubles each time',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'replicas that answer and do not vote pass for serving',
    rule: '6.4',
    within: 'stallOf',
    search: 'tooFewVote(n, reports) ??',
    replacement: '',
    also: [
      { within: 'stallOf', search: 'noView(n, reports) ??', replacement: '' },
      {
        within: 'stallOf',
        search: 'tooFewHaveTheState(n, reports) ??',
        replacement: '',
      },
    ],
    paper: {
      file: 'simulator/true-health.test.ts',
      test: 'two of four that lost their logs, started twice',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a replica that asks what it sent before its start says that it votes',
    rule: '6.4',
    within: 'conditionOf',
    search: "return 'recalling'",
    replacement: "return 'voting'",
    paper: {
      file: 'paper/6.4-recall.test.ts',
      test: 'it reports that it does not vote',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'the distance between recoveries grows for ever',
    rule: '6.4',
    within: 'Recoveries.accept',
    search: 'Math.min(2 * distance, distanceMax)',
    replacement: '2 * distance',
    also: [
      {
        within: 'Recoveries.#decayed',
        search: 'Math.min(distance, distanceMax) / 2',
        replacement: 'distance / 2',
      },
    ],
    paper: {
      file: 'store/transfer.test.ts',
      test: 'recovery does not take ever longer',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'no work shortens the distance between recoveries again',
    rule: '6.4',
    within: 'Recoveries.#decayed',
    search: 'Math.floor(executed / distanceMax)',
    replacement: '0',
    paper: {
      file: 'store/transfer.test.ts',
      test: 'the distance is halved for the work done since',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'the distance between recoveries is gone as soon as it has passed',
    rule: '6.4',
    within: 'Recoveries.#decayed',
    search: 'Math.floor(executed / distanceMax)',
    replacement: 'executed',
    paper: {
      file: 'store/transfer.test.ts',
      test: 'the distance is halved for the work done since',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'a recovery that was refused for its distance is asked for at leisure',
    rule: '6.4',
    within: 'noteRecoveries',
    search: 'askAgainSoon(state, requestDigest);',
    replacement: ';',
    paper: {
      file: 'paper/6.4-amnesia.test.ts',
      test: 'a refused operation is requested again at once',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'the log is cut while it has to say that it is amnesiac',
    rule: '6.4',
    within: 'onStored',
    search: "if (state.recovery.health === 'amnesiac')\n        return;",
    replacement: '',
    paper: { file: AMNESIA, test: 'its log is not cut while it is amnesiac', why: UNSEEN.rare },
  },
]
