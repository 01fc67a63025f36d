/** Mistakes against section 2 of the rules. */
import { type Mutant, UNSEEN } from './mutant.ts'

export const CHECKPOINT_MUTANTS: readonly Mutant[] = [
  {
    name: 'the roots of CHECKPOINTs are not compared',
    attack: 'corrupt-checkpoint',
    rule: '2.1',
    within: 'onCheckpoint',
    search: 'return one !== undefined && equalBytes(one.root, root) ? [one] : []',
    replacement: 'return one !== undefined ? [one] : []',
    paper: {
      file: 'paper/2.1-2.4-checkpoints.test.ts',
      test: 'CHECKPOINTs with different roots do not add up',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'Q - 1 CHECKPOINTs are stable',
    rule: '2.1',
    within: 'onCheckpoint',
    search: 'const needed = quorum(state.config.n)',
    replacement: 'const needed = quorum(state.config.n) - 1',
  },
  {
    name: 'h moves only with the own state',
    rule: '2.2',
    within: 'moveWindow',
    search: 'adoptStable(state, stable);\n    persist(',
    replacement:
      'if (stable.sequence > state.ordering.lastExecuted) return;\n    adoptStable(state, stable);\n    persist(',
  },
  {
    name: 'H lies further above h than the log is long',
    attack: 'burn-sequence',
    rule: '2.2',
    within: 'highWatermark',
    search: 'state.checkpoints.lowWatermark + logWindow(state)',
    replacement: 'state.checkpoints.lowWatermark + 2 * logWindow(state)',
    paper: { file: 'paper/1.2-pre-prepare.test.ts', test: 'h < s <= H: the window', why: UNSEEN.noLiar },
  },
  {
    name: 'H moves only with the own state',
    rule: '2.2',
    within: 'highWatermark',
    search: 'state.checkpoints.lowWatermark + logWindow(state)',
    replacement: 'Math.min(state.checkpoints.lowWatermark, state.ordering.lastExecuted) + logWindow(state)',
    paper: {
      file: 'paper/2.1-2.4-checkpoints.test.ts',
      test: 'h moves as soon as a certificate is seen',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'a replica does not see that its state is not the stable one',
    rule: '2.2',
    within: 'compareWithStable',
    search: "state.recovery.health = 'diverged'",
    replacement: "state.recovery.health = 'sound'",
    paper: {
      file: 'paper/2.1-2.4-checkpoints.test.ts',
      test: 'a root that is not the stable one',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'the counters enter the state one batch late',
    rule: '2.3',
    within: 'TreeStore.begin',
    search: 'this.#lastSequence = sequence;\n        this.#executedTime = time;\n        this.#publish();',
    replacement:
      'this.#publish();\n        this.#lastSequence = sequence;\n        this.#executedTime = time;',
  },
  {
    name: 'nothing is fetched however far behind',
    rule: '2.5',
    within: 'checkTransfer',
    search: "if (isStuck || isFar || state.recovery.health === 'diverged')",
    replacement: 'if (false)',
  },
  {
    name: 'a transfer leaves execution where it was handed over',
    rule: '2.5',
    within: 'onTransferred',
    search: 'state.ordering.lastHandedOver = sequence;',
    replacement: 'state.ordering.lastHandedOver = sequence + 1;',
  },
  {
    name: 'the certificate of a checkpoint is not passed on',
    rule: '2.8',
    within: 'onStatus',
    search: 'resendCheckpoints(turn, status);',
    replacement: '',
  },
  {
    name: 'an idle primary does not fill up',
    rule: '2.8',
    within: 'nextBatch',
    search: 'return sequence <= fillTarget(state) ? state.nullBatch : null',
    replacement: 'return null',
  },
  {
    name: 'a checkpoint is frozen when the next batch has begun',
    rule: '2.1',
    within: 'onExecuted',
    search: 'freezeIfDue(turn, sequence);\n    noteDelivered(',
    replacement: 'noteDelivered(',
    also: [
      {
        within: 'onExecuted',
        search: 'executeDecided(turn);\n    proposeBatches(turn);',
        replacement: 'executeDecided(turn);\n    freezeIfDue(turn, sequence);\n    proposeBatches(turn);',
      },
    ],
  },
]
