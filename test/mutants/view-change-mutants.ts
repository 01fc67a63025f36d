/** Mistakes against section 3 of the rules. */
import { type Mutant, UNSEEN } from './mutant.ts'

const FOLLOWING = 'paper/3.7-3.12-following.test.ts'
const NEW_VIEW = 'paper/3.4-3.5-new-view.test.ts'

export const VIEW_CHANGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'P leaves out what was prepared before the last sequence number',
    rule: '3.1',
    within: 'viewChangeContent',
    search: 'const certificates = [...preparedCertificates.values()];',
    replacement: 'const certificates = [...preparedCertificates.values()].slice(-1);',
  },
  {
    name: 'P leaves out null batches',
    rule: '3.1',
    within: 'announceView',
    search: 'const content = state.mode.viewChangeContent(state);',
    replacement:
      'const whole = viewChangeContent(state);\n    const isNull = ({ prePrepare }) => prePrepare.digest.every((byte, at) => byte === state.nullBatch.digest[at]);\n    const content = { ...whole, preparedCertificates: whole.preparedCertificates.filter((each) => !isNull(each)) };',
  },
  {
    name: 'the certificate of h is not looked at in a VIEW-CHANGE',
    rule: '3.2',
    within: 'viewChangeFault',
    search: 'const fault = checkpointCertificateFault(stable, { n, checkpointInterval });',
    replacement: 'const fault = null;',
    paper: {
      file: 'paper/3.1-3.2-view-change.test.ts',
      test: 'dropped whole: C of Q - 1',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'an entry of P may have Q - 2 PREPAREs',
    rule: '3.2',
    within: 'preparedCertificateFault',
    search: "kind: 'prepare', needed: quorum(n) - 1",
    replacement: "kind: 'prepare', needed: quorum(n) - 2",
    paper: {
      file: 'paper/3.1-3.2-view-change.test.ts',
      test: 'dropped whole: Q - 2 PREPAREs',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'the entry of the lowest view is chosen',
    rule: '3.3',
    within: 'select',
    search: 'if (known === undefined || view > known.view)',
    replacement: 'if (known === undefined || view < known.view)',
  },
  {
    name: 'the entry that comes first is chosen, of whatever view',
    rule: '3.3',
    within: 'select',
    search: 'if (known === undefined || view > known.view)',
    replacement: 'if (known === undefined)',
  },
  {
    name: 'a NEW-VIEW is made of one VIEW-CHANGE too few',
    rule: '3.3',
    within: 'makeNewView',
    search: 'if (held.length < quorum(n) ||',
    replacement: 'if (held.length < quorum(n) - 1 ||',
  },
  {
    name: 'the entries of O are not signed one by one',
    rule: '3.3',
    within: 'createSealer',
    search: "sign(FRAME_KINDS['pre-prepare'], [id, view, sequence, digest], NO_BODY)",
    replacement:
      "encodeFrame({ kind: FRAME_KINDS['pre-prepare'], payload: packPayload([id, view, sequence, digest]), authentication: NO_AUTHENTICATION, body: NO_BODY })",
  },
  {
    name: 'what a NEW-VIEW covers is proposed anew',
    rule: '3.4',
    within: 'goOn',
    search: 'state.ordering.lastProposed = Math.max(state.views.lastChosen, state.ordering.lastExecuted);',
    replacement: 'state.ordering.lastProposed = state.ordering.lastExecuted;',
  },
  {
    name: 'what a NEW-VIEW covers is accepted from a PRE-PREPARE too',
    rule: '3.4',
    within: 'onPrePrepare',
    search: "if (slot.accepted !== null) {\n        if (noveltyOf(slot.accepted.digest, digest) === 'same')",
    replacement:
      'if (slot.accepted !== null && (sequence > state.views.lastChosen || equalBytes(slot.accepted.digest, digest))) {\n        if (equalBytes(slot.accepted.digest, digest))',
    also: [
      {
        within: 'onPrePrepare',
        search: 'if (sequence <= state.views.lastChosen)',
        replacement: 'if (false)',
      },
    ],
    paper: { file: NEW_VIEW, test: 'what is at or below maxSeq is accepted from O only', why: UNSEEN.noLiar },
  },
  {
    name: 'O is believed, not recomputed',
    attack: 'lossy-new-view',
    rule: '3.4',
    within: 'newViewFault',
    search: "return isSame ? null : 'new-view-selects-otherwise'",
    replacement: 'return null',
    paper: { file: NEW_VIEW, test: 'not believed: O with another digest', why: UNSEEN.noLiar },
  },
  {
    name: 'an invalid NEW-VIEW does not end its view',
    rule: '3.4',
    within: 'onNewView',
    search: 'refute(turn, view);\n        return;',
    replacement: 'return;',
    paper: { file: NEW_VIEW, test: 'it ends the view once Q VIEW-CHANGEs are held', why: UNSEEN.noLiar },
  },
  {
    name: 'PREPARE for an entry of O before its batch is here',
    attack: 'equivocate',
    rule: '3.5',
    within: 'voteForChoice',
    search: 'if (accepted === null || !hasBatch(state, slot, accepted.digest))\n        return;',
    replacement: 'if (accepted === null)\n        return;',
    paper: {
      file: NEW_VIEW,
      test: 'what is missing is fetched by digest from all, and prepared when',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'PREPARE for an entry of O before its batch is in the log',
    rule: '3.5',
    within: 'supplyBatch',
    search: "persist(turn, { kind: 'batch', sequence, batch });",
    replacement: '',
    paper: {
      file: NEW_VIEW,
      test: 'what is missing is fetched by digest from all, and prepared when',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a batch that O lacks is not fetched',
    rule: '3.5',
    within: 'lackingDigest',
    search: 'slot.decided?.[0]?.digest ?? slot.accepted?.digest ?? null',
    replacement: 'slot.decided?.[0]?.digest ?? null',
  },
  {
    name: 'the timer runs with nothing waiting once views have changed',
    rule: '3.6',
    within: 'startTimer',
    search: 'if (oldest === null && !needsFill(state))',
    replacement: 'if (oldest === null && state.views.view === 0 && !needsFill(state))',
    also: [
      {
        within: 'fillUp',
        search: 'else if (state.requests.timer?.waitsFor === null) {',
        replacement: 'else if (false) {',
      },
    ],
    paper: {
      file: 'paper/3.6-timer.test.ts',
      test: 'with nothing waiting the timer stops on entering',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'T never doubles',
    rule: '3.6',
    within: 'startViewChange',
    search: 'Math.min(2 * state.patience.timeoutTicks, TIMEOUT_TICKS_MAX)',
    replacement: 'state.timeoutTicks',
    paper: {
      file: 'paper/3.6-timer.test.ts',
      test: 'each view that serves nobody gets twice the patience',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'T starts at the own VIEW-CHANGE',
    attack: 'poisoned-page',
    rule: '3.6',
    within: 'awaitNewView',
    search:
      'if (state.views.isActive || !mayVote(state) || movedTo(state, state.views.view) < quorum(state.config.n))',
    replacement: 'if (state.views.isActive || !mayVote(state))',
  },
  {
    name: 'nobody joins a view change',
    rule: '3.7',
    within: 'joinIfOthersMoved',
    search: 'if (joined > state.views.view)\n        startViewChange(turn, joined);',
    replacement: '',
    paper: {
      file: 'paper/3.7-3.12-following.test.ts',
      test: 'W that moved on are followed at once',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'f replicas that moved on are followed',
    attack: 'view-change-spam',
    rule: '3.7',
    within: 'joinIfOthersMoved',
    search: 'rankedLargest(views, weakQuorum(n))',
    replacement: 'rankedLargest(views, weakQuorum(n) - 1)',
    paper: {
      file: FOLLOWING,
      test: 'W that moved on are followed at once, without the timer; fewer are not',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'a replica does not leave a view in which it committed',
    rule: '3.8',
    within: 'checkTimers',
    search: 'if (!isTimerExpired(state))\n            return;',
    replacement:
      'if (!isTimerExpired(state) || [...state.ordering.slots.values()].some((slot) => slot.prepared !== null && slot.executed === null))\n            return;',
  },
  {
    name: 'waiting requests are not handed to the new primary',
    rule: '3.9',
    within: 'goOn',
    search: 'relayOldest(turn, HANDED_OVER_MAX);',
    replacement: '',
    paper: {
      file: FOLLOWING,
      test: 'waiting requests are handed to the new primary, oldest first',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'votes of a view that was left still go out',
    attack: 'pause',
    rule: '3.10',
    within: 'leaveViewFor',
    search: 'dropWithheldOfOldViews(state);',
    replacement: '',
    also: [
      {
        within: 'onPersisted',
        search: 'if (!isOfCurrentView(state, outgoing) || !mayVote(state))',
        replacement: 'if (!mayVote(state))',
      },
    ],
  },
  {
    name: 'what failed its check counts as checked the next time',
    attack: 'frame-victim',
    rule: '3.12',
    within: 'VerifiedEnvelopes.has',
    search: 'return known !== undefined && equalBytes(known, message.envelope);',
    replacement: 'if (known === undefined) this.add(message);\n        return known !== undefined;',
    paper: { file: FOLLOWING, test: 'what failed is not remembered as good', why: UNSEEN.noLiar },
  },
  {
    name: 'what was checked is checked again inside a view change',
    rule: '3.12',
    within: 'VerifiedEnvelopes.has',
    search: 'return known !== undefined && equalBytes(known, message.envelope);',
    replacement: 'return false;',
    paper: {
      file: FOLLOWING,
      test: 'a long message is checked a signature at a time, and equal bytes once',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'a long message is checked in one go',
    rule: '3.12',
    within: 'AT_ONCE',
    search: 'const AT_ONCE = 1 / 16;',
    replacement: 'const AT_ONCE = 1 << 20;',
    paper: {
      file: FOLLOWING,
      test: 'checking goes on in slices that leave the loop responsive',
      why: UNSEEN.cost,
    },
  },
]
