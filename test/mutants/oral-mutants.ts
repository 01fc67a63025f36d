/** Mistakes against section 4 of the rules: everything that rests on the word of others. */
import { type Mutant, UNSEEN } from './mutant.ts'

const MUTANTS: readonly Omit<Mutant, 'mode'>[] = [
  {
    name: 'what was pre-prepared does not join Qset when a view is left',
    rule: '4.1',
    within: 'gatherPrePrepares',
    search: 'if (claim === null)\n            continue;',
    replacement: 'continue;',
  },
  {
    name: 'Qset keeps one digest of each sequence number',
    rule: '4.1',
    within: 'withPrePrepare',
    search: '.slice(-prePrepareClaimsMax(n))',
    replacement: '.slice(-1)',
    paper: {
      file: 'paper/4.1-4.3-view-change.test.ts',
      test: 'Qset keeps the latest view of each digest',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'P leaves out what was prepared in the last view',
    rule: '4.1',
    within: 'oralViewChangeContent',
    search: '.filter(({ sequence }) => isInWindow(state, sequence));\n    return {',
    replacement:
      '.filter((claim) => isInWindow(state, claim.sequence) && claim.view < view - 1);\n    return {',
  },
  {
    name: 'the form of a VIEW-CHANGE is not looked at',
    rule: '4.2',
    within: 'onOralViewChange',
    search:
      'const fault = oralViewChangeFault(viewChange, state.config);\n    if (fault !== null)\n        return reject(turn, viewChange, from, fault);',
    replacement: '',
    paper: {
      file: 'paper/4.1-4.3-view-change.test.ts',
      test: 'one entry of P, and at most f',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'an acknowledgement does not wait for the disk',
    rule: '4.3',
    within: 'recordAck',
    search: "withhold(turn, { kind: 'view-change-ack', view, of: sender, digest }, to);",
    replacement:
      "turn.effects.push({ kind: 'send', to, outgoing: { kind: 'view-change-ack', view, of: sender, digest } });",
  },
  {
    name: 'a VIEW-CHANGE joins S with one acknowledgement less',
    rule: '4.3',
    within: 'supported',
    search: '>= quorum(n) - 2;',
    replacement: '>= quorum(n) - 3;',
    paper: {
      file: 'paper/4.1-4.3-view-change.test.ts',
      test: 'a VIEW-CHANGE joins S with 2f',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'nobody acknowledges anything',
    rule: '4.3',
    within: 'acknowledge',
    search: 'if (state.views.isActive || !mayVote(state) || isPrimary(state))\n        return;',
    replacement: 'return;',
  },
  {
    name: 'only those that hold a checkpoint count for the Q whose h is not above it',
    rule: '4.4',
    within: 'chooseCheckpoint',
    search: '({ lowWatermark }) => lowWatermark <= candidate.sequence)',
    replacement: '(one) => one.lowWatermark <= candidate.sequence && holdsCheckpoint(one, candidate))',
    paper: {
      file: 'paper/4.4-4.7-choice.test.ts',
      test: 'the Q with a lower h need not hold it themselves',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'one replica alone vouches for a checkpoint',
    rule: '4.4',
    within: 'chooseCheckpoint',
    search: 'holders >= weakQuorum(n)',
    replacement: 'holders >= 1',
    paper: { file: 'paper/4.4-4.7-choice.test.ts', test: 'it is the highest that W hold', why: UNSEEN.rare },
  },
  {
    name: 'the NEW-VIEW chooses from the highest h on, as signed ones do',
    rule: '4.4',
    within: 'chooseCheckpoint',
    search: 'if (notAbove >= quorum(n) && holders >= weakQuorum(n))',
    replacement: 'if (holders >= 1)',
    paper: {
      file: 'paper/4.4-4.7-choice.test.ts',
      test: 'it is no lower than the h of any but f',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'A1 is not asked for',
    rule: '4.5',
    within: 'satisfiesA1',
    search: 'return compatible >= quorum(n);',
    replacement: 'return true;',
    paper: { file: 'paper/4.4-4.7-choice.test.ts', test: 'A1: an entry of a later view', why: UNSEEN.rare },
  },
  {
    name: 'A2 is not asked for: the highest view that anybody claims wins',
    rule: '4.6',
    within: 'satisfiesA2',
    search: 'return confirming >= weakQuorum(n);',
    replacement: 'return true;',
    paper: {
      file: 'paper/4.4-4.7-choice.test.ts',
      test: 'A2: what fewer than W pre-prepared is not chosen',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'A2 counts entries and not senders',
    rule: '4.9',
    within: 'satisfiesA2',
    search:
      'const confirming = sendersOf(claims, ({ prePrepareClaims }) => prePrepareClaims.some(confirms));',
    replacement:
      'const confirming = claims.flatMap(({ prePrepareClaims }) => prePrepareClaims.filter((other) => other.sequence === sequence && equalBytes(other.digest, digest))).length + claims.flatMap(({ preparedClaims }) => preparedClaims.filter(confirms)).length;',
    paper: { file: 'paper/4.4-4.7-choice.test.ts', test: 'A2 counts senders, not entries', why: UNSEEN.rare },
  },
  {
    name: 'A1 looks at entries of all sequence numbers',
    rule: '4.9',
    within: 'satisfiesA1',
    search: 'const agrees = (other) => other.sequence !== sequence ||\n        other.view < view ||',
    replacement: 'const agrees = (other) => other.view < view ||',
    also: [
      {
        within: 'claimedAbove',
        search: 'preparedClaims: prepared.get(sequence) ?? [],',
        replacement: 'preparedClaims: viewChange.preparedClaims,',
      },
      {
        within: 'realClaims',
        search: 'const named = claims.flatMap(({ preparedClaims }) => preparedClaims);',
        replacement:
          'const named = claims.flatMap(({ preparedClaims }) => preparedClaims.filter((each) => each.sequence === sequence));',
      },
      {
        within: 'realClaims',
        search: 'function realClaims({ claims }, n) {',
        replacement: 'function realClaims({ claims, sequence }, n) {',
      },
    ],
  },
  {
    name: 'B counts those whose h is above',
    rule: '4.9',
    within: 'satisfiesB',
    search: 'lowWatermark < sequence && !preparedClaims.some(',
    replacement: '!preparedClaims.some(',
    paper: { file: 'paper/4.4-4.7-choice.test.ts', test: 'B: only those with h < s', why: UNSEEN.rare },
  },
  {
    name: 'B needs a weak quorum only',
    rule: '4.5',
    within: 'satisfiesB',
    search: 'return silent >= quorum(n);',
    replacement: 'return silent >= weakQuorum(n);',
    paper: {
      file: 'paper/4.4-4.7-choice.test.ts',
      test: 'S grows: what waited for one more',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a primary chooses batches that it has not',
    rule: '4.5',
    within: 'isBatchHere',
    search: 'const slot = state.ordering.slots.get(sequence);\n    return slot === undefined',
    replacement:
      'return true;\n    const slot = state.ordering.slots.get(sequence);\n    return slot === undefined',
    paper: {
      file: 'paper/4.7-new-view.test.ts',
      test: 'A3: it waits for a batch that it has not',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'S is frozen at Q',
    rule: '4.5',
    within: 'makeOralNewView',
    search: 'const viewChanges = supported(state);',
    replacement:
      'const viewChanges = (state.frozen ??= new Map()).get(state.views.view) ?? supported(state);\n    if (viewChanges.length >= quorum(n)) state.frozen.set(state.views.view, viewChanges);',
    paper: { file: 'paper/4.1-4.3-view-change.test.ts', test: 'S grows up to n', why: UNSEEN.rare },
  },
  {
    name: 'a backup does not check what a NEW-VIEW chooses',
    rule: '4.7',
    within: 'judge',
    search: 'const fault = choiceFault(newView, viewChanges, formOf(state));',
    replacement: 'const fault = null;',
    paper: {
      file: 'paper/4.7-new-view.test.ts',
      test: 'a choice that neither A nor B allows is refused',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a fetched VIEW-CHANGE is believed on the word of the primary alone',
    rule: '4.7',
    within: 'believed',
    search: 'return words >= weakQuorum(state.config.n) ? fetched : null;',
    replacement: 'return words >= 1 ? fetched : null;',
    paper: {
      file: 'paper/4.7-new-view.test.ts',
      test: 'a fetched one counts with f acknowledgements',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'the checkpoint of a NEW-VIEW is no floor',
    rule: '4.7',
    within: 'enterOralView',
    search: 'beginOrdering(turn, headers, newView.checkpoint.sequence);',
    replacement: 'beginOrdering(turn, headers, state.checkpoints.lowWatermark);',
    paper: {
      file: 'paper/4.7-new-view.test.ts',
      test: 'the checkpoint is the floor of the view',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'W - 1 decide',
    rule: '4.8',
    within: 'decideByClaims',
    search: 'if (equal.length < weakQuorum(n))',
    replacement: 'if (equal.length < weakQuorum(n) - 1)',
  },
  {
    name: 'u is the view that the last of W names, whatever it is',
    rule: '4.8',
    within: 'onDecisionClaim',
    search: '|| view > viewReached(state))',
    replacement: '|| false)',
    paper: {
      file: 'paper/4.8-word-of-w.test.ts',
      test: 'u is the latest view that one of W names',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'nobody votes again for whoever lacks a decision',
    rule: '4.8',
    within: 'ORAL',
    search: 'sequence > status.lastExecuted || decided === null',
    replacement: 'sequence > status.lastExecuted',
    paper: {
      file: 'paper/4.8-word-of-w.test.ts',
      test: 'a replica that has decided votes again for one that has not',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a decision that nobody can show is waited for without end',
    rule: '4.8',
    within: 'checkTimers',
    search: 'if (state.mode.isOrderingStuck(state))',
    replacement: 'if (false)',
    paper: {
      file: 'paper/4.8-word-of-w.test.ts',
      test: 'a batch with W votes that stays undecided ends the view',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'W that vouch for a checkpoint are no reason to fetch it',
    rule: '4.8',
    within: 'latestCheckpoint',
    search: 'return vouched !== null && vouched.sequence > stable.sequence ? vouched : stable;',
    replacement: 'return stable;',
    paper: {
      file: 'paper/4.8-word-of-w.test.ts',
      test: 'W equal CHECKPOINTs name a state to fetch',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a fetched state makes the votes above h forgotten',
    rule: '4.8',
    within: 'onTransferred',
    search: 'const over = Math.min(sequence, state.checkpoints.lowWatermark);',
    replacement: 'const over = sequence;',
    paper: {
      file: 'paper/4.8-word-of-w.test.ts',
      test: 'a state ahead of h makes nothing forgotten',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'the log is cut up to the stored state, wherever h is',
    rule: '4.8',
    within: 'onStored',
    search: 'const upTo = Math.min(sequence, state.checkpoints.lowWatermark);',
    replacement: 'const upTo = sequence;',
    paper: {
      file: 'paper/4.8-word-of-w.test.ts',
      test: 'nor does a restart from that state',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'own roots beyond the window are kept without end',
    rule: '4.8',
    within: 'boundOwnRoots',
    search: 'beyond.slice(0, -CHECKPOINTS_PER_SENDER_MAX)',
    replacement: '[]',
    paper: {
      file: 'paper/4.8-word-of-w.test.ts',
      test: 'own roots of the window are kept and the latest beyond it',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'one liar makes a replica that starts amnesiac',
    rule: '4.8',
    within: 'isReminded',
    search: '.slice(weakQuorum(state.config.n) - 1);',
    replacement: ';',
    paper: {
      file: 'paper/4.8-word-of-w.test.ts',
      test: 'claims of W that its log does not hold',
      why: UNSEEN.rare,
    },
  },
]

export const ORAL_MUTANTS: readonly Mutant[] = MUTANTS.map((mutant) => ({ ...mutant, mode: 'oral' }))
