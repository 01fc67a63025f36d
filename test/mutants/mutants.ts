/** Small mistakes in the core, each of which the simulator must notice. A patch is text of the built program. */
export interface Mutant {
  readonly name: string
  /** The rule that it breaks. */
  readonly rule: string
  /** Below `dist`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly search: string
  readonly replacement: string
}

const pbft = (name: string): string => `src/pbft/${name}.js`

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a quorum is one too small',
    rule: '0',
    file: 'src/base/quorum.js',
    search: 'return Math.ceil((n + faultsMax(n) + 1) / 2)',
    replacement: 'return Math.ceil((n + faultsMax(n) + 1) / 2) - 1',
  },
  {
    name: 'the PREPARE of the primary counts',
    rule: '1.3',
    file: pbft('slot'),
    search: '.length >= quorum(n) - 1 ? matching.slice(0, quorum(n) - 1) : null',
    replacement: '.length >= quorum(n) - 2 ? matching.slice(0, quorum(n) - 2) : null',
  },
  {
    name: 'a vote is sent before its record is on disk',
    rule: '6',
    file: pbft('durability'),
    search: 'if (withheld.records > records)',
    replacement: 'if (withheld.records > records + 1)',
  },
  {
    name: 'an accepted pre-prepare is not logged',
    rule: '6',
    file: pbft('normal-case'),
    search: "persist(step, { kind: 'accepted', prePrepare });",
    replacement: '',
  },
  {
    name: 'requests are executed again when they are ordered again',
    rule: '1.8',
    file: 'src/store/sessions.js',
    search: "if (executed === undefined)\n            return 'new';\n        return equalBytes",
    replacement:
      "if (executed === undefined || timestamp % 7 === 0)\n            return 'new';\n        return equalBytes",
  },
  {
    name: 'a past time is refused',
    rule: '1.2',
    file: pbft('normal-case'),
    search: 'accept(step, slot, prePrepare, from);\n}',
    replacement:
      'if (prePrepare.batch.time < state.now - 200) return;\n    accept(step, slot, prePrepare, from);\n}',
  },
  {
    name: 'a second pre-prepare replaces the first',
    rule: '1.2',
    file: pbft('normal-case'),
    search: 'if (slot.accepted !== null) {\n        if (equalBytes(slot.accepted.digest, digest))',
    replacement:
      'if (slot.accepted !== null && slot.prepared === null && !equalBytes(slot.accepted.digest, digest)) slot.accepted = null;\n    if (slot.accepted !== null) {\n        if (equalBytes(slot.accepted.digest, digest))',
  },
  {
    name: 'COMMITs are counted whatever their digest',
    rule: '1.4',
    file: pbft('slot'),
    search: 'const matching = matchingVotes(slot.commits, commit.digest)',
    replacement: 'const matching = slot.commits.filter((vote) => vote !== null)',
  },
  {
    name: 'a decision needs only W COMMITs',
    rule: '1.4',
    file: pbft('slot'),
    search: 'if (matching.length >= quorum(n))\n            return matching.slice(0, quorum(n));',
    replacement:
      'if (matching.length >= weakQuorum(n))\n            return matching.slice(0, weakQuorum(n));',
  },
  {
    name: 'a restart forgets what was prepared',
    rule: '6.2',
    file: pbft('recovery'),
    search: 'replayPrepared(state, record.certificate);',
    replacement: '',
  },
  {
    name: 'a restarted primary proposes from where it executed',
    rule: '6.2',
    file: pbft('recovery'),
    search: 'state.lastProposed = sequence;\n    replayHeader',
    replacement: '{ }\n    replayHeader',
  },
  {
    name: 'the log is replayed without its decisions',
    rule: '6.2',
    file: pbft('recovery'),
    search: 'replayDecided(step, record.commits, record.batch);',
    replacement:
      'if (record.commits[0].sequence % 2 === 0)\n                replayDecided(step, record.commits, record.batch);',
  },
  {
    name: 'a slot may be skipped at execution',
    rule: '1.6',
    file: pbft('execution'),
    search: 'state.lastHandedOver = sequence;',
    replacement: 'state.lastHandedOver = (sequence % 9 === 0 ? sequence + 1 : sequence);',
  },
  {
    name: 'nothing is relayed to the primary',
    rule: '1.11',
    file: pbft('retransmission'),
    search: 'resendVotes(step, status);',
    replacement: '',
  },
  {
    name: 'a replica that lags is not served',
    rule: '1.11',
    file: pbft('retransmission'),
    search: 'serveDecisions(step, status);',
    replacement: '',
  },
  {
    name: 'the timer never runs out',
    rule: '1.9',
    file: pbft('view-change'),
    search: 'if (!isTimerExpired(state))\n            return;',
    replacement: 'return;',
  },
  {
    name: 'P leaves out what was prepared before the last sequence number',
    rule: '3.1',
    file: pbft('view-change'),
    search: 'const certificates = [...preparedCertificates.values()];',
    replacement: 'const certificates = [...preparedCertificates.values()].slice(-1);',
  },
  {
    name: 'the entry of the lowest view is chosen',
    rule: '3.3',
    file: pbft('new-view'),
    search: 'if (known === undefined || view > known.view)',
    replacement: 'if (known === undefined || view < known.view)',
  },
  {
    name: 'a NEW-VIEW is made of one VIEW-CHANGE too few',
    rule: '3.3',
    file: pbft('new-view'),
    search: 'if (held.length < quorum(n) ||',
    replacement: 'if (held.length < quorum(n) - 1 ||',
  },
  {
    name: 'what a NEW-VIEW covers is proposed anew',
    rule: '3.4',
    file: pbft('new-view'),
    search: 'state.lastProposed = Math.max(state.lastChosen, state.lastExecuted);',
    replacement: 'state.lastProposed = state.lastExecuted;',
  },
  {
    name: 'a restart forgets that the view was left',
    rule: '6.2',
    file: pbft('recovery'),
    search: 'replayViewChange(state, record.viewChange);',
    replacement: '',
  },
  {
    name: 'nobody joins a view change',
    rule: '3.7',
    file: pbft('view-change'),
    search: 'if (joined > state.view)\n        startViewChange(step, joined);',
    replacement: '',
  },
  {
    name: 'an amnesiac replica votes',
    rule: '6.4',
    file: pbft('state'),
    search: "export const mayVote = (state) => state.health === 'sound'",
    replacement: "export const mayVote = (state) => state.health !== 'diverged'",
  },
  {
    name: 'an amnesiac replica is healed as soon as it is level',
    rule: '6.4',
    file: pbft('amnesia'),
    search: 'const isHistory = executed.sequence + LOG_WINDOW <= state.lowWatermark;',
    replacement: 'const isHistory = true;',
  },
]
