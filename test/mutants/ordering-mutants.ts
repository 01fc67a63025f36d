/** Mistakes against the rules of section 1 by which batches are proposed, voted on and brought to everyone; the quorums. */
import { type Mutant, UNSEEN } from './mutant.ts'

export const ORDERING_MUTANTS: readonly Mutant[] = [
  {
    name: 'a quorum is one too small',
    rule: '0',
    within: 'quorum',
    search: 'return Math.ceil((n + faultsMax(n) + 1) / 2)',
    replacement: 'return Math.ceil((n + faultsMax(n) + 1) / 2) - 1',
  },
  {
    name: 'a primary proposes before it has taken the choices of its NEW-VIEW',
    rule: '3.4',
    within: 'enterView',
    search: 'moveWindow(turn, stable);',
    replacement: '{ moveWindow(turn, stable); proposeBatches(turn); }',
    paper: {
      file: 'paper/3.3-making.test.ts',
      test: 'no place gets two proposals',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a primary proposes at or below h',
    rule: '1.2',
    within: 'proposeBatches',
    search: 'Math.max(state.ordering.lastProposed, state.checkpoints.lowWatermark) + 1',
    replacement: 'state.ordering.lastProposed + 1',
    paper: {
      file: 'paper/3.3-making.test.ts',
      test: 'nothing is proposed at or below h',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'the digest of a batch leaves out its time',
    attack: 'hidden-proposal',
    rule: '0',
    within: 'batchDigest',
    search: 'writeU64(input, at, time);',
    replacement: '',
    paper: {
      file: 'paper/1.2-pre-prepare.test.ts',
      test: 'the digest of a batch covers its time',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a past time is refused',
    rule: '1.2',
    within: 'onPrePrepare',
    search: 'accept(turn, slot, prePrepare, from);\n}',
    replacement:
      'if (prePrepare.batch.time < state.clock.now - 200) return;\n    accept(turn, slot, prePrepare, from);\n}',
  },
  {
    name: 'a time from the future is taken at once',
    attack: 'time-warp',
    rule: '1.2',
    within: 'onPrePrepare',
    search: 'if (!isBeyondJudging && prePrepare',
    replacement: 'if (false && prePrepare',
    paper: {
      file: 'paper/1.2-pre-prepare.test.ts',
      test: 'a time ahead of the clock by more than the skew is held back',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'a fetched batch is passed on before it is on disk',
    rule: '6',
    within: 'supplyBatch',
    search:
      'slot.acceptedRecords = state.durability.recordsEmitted;\n    state.ordering.batches.add(sequence, batch);\n    voteForChoice',
    replacement: 'state.ordering.batches.add(sequence, batch);\n    voteForChoice',
    paper: {
      file: 'paper/3.4-3.5-new-view.test.ts',
      test: 'what was fetched is passed on to others only once it is on disk',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a time from the future is refused instead of held back',
    rule: '1.2',
    within: 'onPrePrepare',
    search: 'return holdBack(turn, prePrepare, from);',
    replacement: 'return;',
    paper: {
      file: 'paper/1.2-pre-prepare.test.ts',
      test: 'a time ahead of the clock by more than the skew is held back',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'a second pre-prepare replaces the first',
    rule: '1.2',
    within: 'onPrePrepare',
    search: "if (slot.accepted !== null) {\n        if (noveltyOf(slot.accepted.digest, digest) === 'same')",
    replacement:
      "if (slot.accepted !== null && slot.prepared === null && !equalBytes(slot.accepted.digest, digest)) slot.accepted = null;\n    if (slot.accepted !== null) {\n        if (noveltyOf(slot.accepted.digest, digest) === 'same')",
  },
  {
    name: 'the PREPARE of the primary counts',
    rule: '1.3',
    within: 'preparedCertificate',
    search: '.length >= quorum(n) - 1 ? matching.slice(0, quorum(n) - 1) : null',
    replacement: '.length >= quorum(n) - 2 ? matching.slice(0, quorum(n) - 2) : null',
  },
  {
    name: 'nothing is prepared without the own PREPARE',
    rule: '1.3',
    within: 'advance',
    search: 'if (slot.prepared === null && slot.accepted !== null && hasBatch',
    replacement:
      'const isOwnIn = slot.accepted?.sender === state.config.id || slot.prepares[state.config.id] !== null;\n    if (isOwnIn && slot.prepared === null && slot.accepted !== null && hasBatch',
    paper: {
      file: 'paper/1.3-prepare.test.ts',
      test: 'Q - 1 PREPAREs are enough before the own one is on disk',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'COMMITs are counted whatever their digest',
    rule: '1.4',
    within: 'decisionCertificate',
    search: 'const matching = matchingVotes(slot.commits, commit.digest)',
    replacement: 'const matching = slot.commits.filter((vote) => vote !== null)',
  },
  {
    name: 'a decision needs only W COMMITs',
    rule: '1.4',
    within: 'decisionCertificate',
    search: 'if (matching.length >= quorum(n))\n            return matching.slice(0, quorum(n));',
    replacement:
      'if (matching.length >= weakQuorum(n))\n            return matching.slice(0, weakQuorum(n));',
  },
  {
    name: 'a decision that another replica hands over may have Q - 1 COMMITs',
    rule: '1.4',
    within: 'SignedFaults.#decisionFault',
    search: "kind: 'commit', needed: quorum(this.#config.n)",
    replacement: "kind: 'commit', needed: quorum(this.#config.n) - 1",
    paper: {
      file: 'paper/1.4-commit.test.ts',
      test: 'a decision too small, mixed, or with a sender twice is refused by its name',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'nothing is decided without being prepared',
    rule: '1.4',
    within: 'advance',
    search: 'slot.decided ??= decisionCertificate(slot, n);',
    replacement: 'if (slot.prepared !== null) slot.decided ??= decisionCertificate(slot, n);',
    paper: {
      file: 'paper/1.4-commit.test.ts',
      test: 'it decides without the own prepare',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'a decision against the accepted digest is refused',
    attack: 'repropose',
    rule: '1.4',
    within: 'onDecision',
    search: 'slot.decided ??= decision.commits;',
    replacement:
      'if (slot.accepted !== null && slot.accepted.digest.some((byte, at) => byte !== digest[at])) return;\n    slot.decided ??= decision.commits;',
    paper: {
      file: 'paper/1.4-commit.test.ts',
      test: 'a decision is transferable: in any view, whatever was accepted, without an own prepare',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'no decision counts without being prepared, wherever it comes from',
    rule: '1.4',
    within: 'advance',
    search: 'slot.decided ??= decisionCertificate(slot, n);',
    replacement: 'if (slot.prepared !== null) slot.decided ??= decisionCertificate(slot, n);',
    also: [
      {
        within: 'onDecision',
        search: 'slot.decided ??= decision.commits;',
        replacement: 'if (slot.prepared === null) return;\n    slot.decided ??= decision.commits;',
      },
    ],
  },
  {
    name: 'votes for another digest than the accepted one are dropped',
    rule: '1.5',
    within: 'onVote',
    search: 'votes[vote.sender] = vote;',
    replacement:
      'if (slot.accepted !== null && !equalBytes(slot.accepted.digest, vote.digest)) return;\n    votes[vote.sender] = vote;',
    paper: {
      file: 'paper/1.5-votes.test.ts',
      test: 'votes are kept for another digest than the accepted one, and can decide it',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'a slot may be skipped at execution',
    rule: '1.6',
    within: 'executeDecided',
    search: 'state.ordering.lastHandedOver = sequence;',
    replacement: 'state.ordering.lastHandedOver = (sequence % 9 === 0 ? sequence + 1 : sequence);',
  },
  {
    name: 'the largest request does not fit a batch',
    rule: '1.10',
    within: 'nextBatch',
    search: 'bytes: BATCH_BYTES_MAX - BATCH_HEADER_BYTES',
    replacement: 'bytes: BATCH_BYTES_MAX / 2 - BATCH_HEADER_BYTES',
    paper: {
      file: 'paper/1.10-pipeline.test.ts',
      test: 'the largest admissible request is one of 2 MiB',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'lost votes and pre-prepares are not sent again',
    rule: '1.11',
    within: 'onStatus',
    search: 'resendVotes(turn, status);',
    replacement: '',
    paper: {
      file: 'paper/1.11-retransmission.test.ts',
      test: 'only missing votes and pre-prepares are retransmitted',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'a replica that lags is not served',
    rule: '1.11',
    within: 'onStatus',
    search: 'serveDecisions(turn, status);',
    replacement: '',
  },
  {
    // attack: deaf-replica
    name: 'who gets no further is sent as many decisions as ever',
    rule: '1.11',
    within: 'serveDecisions',
    search: 'Math.max(1, 2 * gotThrough)',
    replacement: 'SERVED_DECISIONS_MAX',
    paper: {
      file: 'paper/1.11-retransmission.test.ts',
      test: 'a stuck replica gets one decision at a time',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'only those that know themselves to be behind say STATUS',
    rule: '1.11',
    within: 'sendStatusIfDue',
    search: 'if (sayStatusIfDue(turn))',
    replacement: 'if ((peersAhead(state).length > 0 || hasOverdueSlot(state)) && sayStatusIfDue(turn))',
  },
  {
    name: 'who sees that it lacks something does not ask',
    rule: '1.11',
    within: 'onStatus',
    search: 'if (hasMore(state, status) &&',
    replacement: 'if (false &&',
    also: [
      {
        within: 'sendStatusIfDue',
        search: 'else if (ahead.length > 0) {',
        replacement: 'else if (false) {',
      },
    ],
    paper: {
      file: 'paper/1.11-retransmission.test.ts',
      test: 'a replica that learns that others are ahead asks them, faster than the idle rate',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'a link that is silent is not ended',
    rule: '1.11',
    within: 'LiveLinks.#isDead',
    search: 'if (link.silentTicks < SILENT_TICKS)',
    replacement: 'if (link.silentTicks < Infinity)',
    attack: 'silent-loss',
  },
  {
    name: 'who has nothing to say on a link sends no heartbeat',
    rule: '1.11',
    within: 'LiveLinks.tick',
    search: 'if (++link.unsaidTicks >= HEARTBEAT_TICKS)',
    replacement: 'if (++link.unsaidTicks >= Infinity)',
    paper: {
      file: 'paper/1.11-live-links.test.ts',
      test: 'carries a heartbeat when nothing else',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'the late end of an old handshake takes the place of the living link',
    rule: '1.11',
    within: 'LinkTable.add',
    search: 'older.order > link.order',
    replacement: 'older.order > Infinity',
    paper: {
      file: 'integration/tcp-transport.test.ts',
      test: 'whose handshake began before that of the living one',
      why: UNSEEN.notRun,
    },
  },
]
