/** Mistakes against the rules of section 1 that requests, sessions, replies, timers and clients keep. */
import { type Mutant, UNSEEN } from './mutant.ts'

const CLIENT = 'paper/client.test.ts'
const TIMESTAMPS = 'paper/1.8-timestamps.test.ts'
const PLACE = 'paper/1.8-place.test.ts'

const LEAF = 'LEAF, leaf.publicKey, leaf.session, timestamp, leaf.requestDigest, leaf.resultDigest)'
const ANOTHER_BODY = 'a body of another batch, other results, another client or another place miss the root'
/** A part that a leaf covers, its term in the program, and the test that sees it gone. */
const REPLY_LEAF: readonly (readonly [string, string, string])[] = [
  ['the client', 'leaf.publicKey', ANOTHER_BODY],
  ['the session', 'leaf.session', ANOTHER_BODY],
  ['the timestamp', 'timestamp', ANOTHER_BODY],
  ['the request', 'leaf.requestDigest', ANOTHER_BODY],
  ['the results', 'leaf.resultDigest', 'other results with their own digest miss the root'],
]

export const REQUEST_MUTANTS: readonly Mutant[] = [
  {
    name: 'a backup refuses a proposed request of a client that it does not know',
    rule: '1.1',
    within: 'onPrePrepare',
    search: 'accept(turn, slot, prePrepare, from);\n}',
    replacement:
      "if (prePrepare.batch.requests.some((each) => state.config.standing(each) === 'unknown-client')) return;\n    accept(turn, slot, prePrepare, from);\n}",
    paper: {
      file: 'paper/1.1-requests.test.ts',
      test: 'a backup accepts a proposed request of a client that it does not know',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a timestamp that comes with another digest passes for executed',
    attack: 'equivocating-client',
    rule: '1.1',
    within: 'standingIn',
    search: "return equalBytes(executed.requestDigest, digest) ? 'executed' : 'timestamp-reused'",
    replacement: "return 'executed'",
    paper: {
      file: 'paper/1.6-1.8-execution.test.ts',
      test: 'an executed timestamp with another digest is reused',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'a client with much in its queue keeps its turn',
    rule: '1.1',
    within: 'WaitingRequests.takeForBatch',
    search: 'this.#endTurn(owner);',
    replacement: '',
    paper: { file: 'paper/1.1-requests.test.ts', test: 'round robin across clients', why: UNSEEN.cost },
  },
  {
    name: 'the primary refuses what a backup times for what else its client asks for',
    attack: 'full-quota',
    rule: '1.9',
    within: 'relayerOf',
    search: "from.kind === 'replica' && isPrimary(state) ? from.id : null",
    replacement: 'null',
    also: [
      {
        within: 'RELAYED_PER_CLIENT_MAX',
        search: 'RELAYED_PER_CLIENT_MAX = 16',
        replacement: 'RELAYED_PER_CLIENT_MAX = 1e9',
      },
    ],
    paper: {
      file: 'paper/1.9-timer.test.ts',
      test: 'what a backup relays has a lane at the primary',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'a lane has no bound',
    rule: '1.9',
    within: 'WaitingRequests.#hasLane',
    search: 'return entries.size < LANE_REQUESTS_MAX && bytes + length <= LANE_BYTES_MAX',
    replacement: 'return true',
    paper: {
      file: 'paper/1.9-timer.test.ts',
      test: 'a lane is bounded in number and in bytes',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'what waits behind many others of its client is not moved when a backup times it',
    rule: '1.9',
    within: 'WaitingRequests.canHurry',
    search: 'return isInRoom && this.#isLate(client, entry)',
    replacement: 'return false',
    paper: {
      file: 'paper/1.9-timer.test.ts',
      test: 'moves to the lane of the relaying backup',
      why: UNSEEN.noLiar,
    },
  },
  ...REPLY_LEAF.map(
    ([field, term, test]): Mutant => ({
      name: `the leaf of a reply does not cover ${field}`,
      rule: '1.7',
      within: 'replyLeafHash',
      search: LEAF,
      replacement: LEAF.replace(`, ${term}`, ''),
      paper: { file: 'paper/1.7-replies.test.ts', test, why: UNSEEN.noLiar },
    }),
  ),
  {
    name: 'a timestamp of another session passes for one of this session',
    rule: '1.8',
    within: 'standingIn',
    search: "if (!equalBytes(executed.session, session))\n        return 'another-session';",
    replacement: '',
    paper: {
      file: 'paper/1.6-1.8-execution.test.ts',
      test: 'a timestamp used by one session of a client is refused to another',
      why: UNSEEN.madeUp,
    },
  },
  {
    name: 'a timestamp that waits for another session is refused for good',
    rule: '1.8',
    within: 'takeRequest',
    search: "isOwn ? 'timestamp-reused' : 'busy'",
    replacement: "isOwn ? 'timestamp-reused' : 'another-session'",
    paper: {
      file: 'paper/1.1-requests.test.ts',
      test: 'of two sessions with one timestamp, the first in the order gets it',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'requests are executed again when they are ordered again',
    rule: '1.8',
    within: 'standingIn',
    search: "if (executed === undefined)\n        return 'new';\n    if (!equalBytes",
    replacement:
      "if (executed === undefined || timestamp % 7 === 0)\n        return 'new';\n    if (!equalBytes",
  },
  {
    name: 'below the floor nothing is stale: t* is forgotten',
    attack: 'replay-client',
    rule: '1.8',
    within: 'floorOf',
    search: 'return Math.max(0, highest - CLIENT_WINDOW)',
    replacement: 'return 0',
    paper: {
      file: 'paper/1.6-1.8-execution.test.ts',
      test: 'the floor lies 64 below t*: at the floor stale, above it new',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'a state that is taken over has no sessions',
    attack: 'forgotten-view-change',
    rule: '1.8',
    within: 'Sessions.restore',
    search: 'this.#note(executed);',
    replacement: '{ }',
    paper: {
      file: 'store/transfer.test.ts',
      test: 'executes on with equal outcomes, standings, results and roots',
      why: UNSEEN.rare,
    },
  },
  {
    // attack: view-shift
    name: 'whoever is late with results goes on being asked for them',
    rule: '1.7',
    within: 'noteLateness',
    search: 'if (passedOver < faultsMax(n))',
    replacement: 'if (false)',
    paper: {
      file: CLIENT,
      test: 'one whose results come when others have long agreed is not designated',
      why: UNSEEN.cost,
    },
  },
  {
    name: 'all may be passed over for being late with results',
    rule: '1.7',
    within: 'noteLateness',
    search: 'passedOver < faultsMax(n)',
    replacement: 'true',
    paper: { file: CLIENT, test: 'no more than f are passed over for being late', why: UNSEEN.cost },
  },
  {
    name: 'a client does not wait for its oldest unanswered request',
    rule: '1.8',
    within: 'freeTimestamps',
    search: 'Math.min(oldest + CLIENT_WINDOW,',
    replacement: 'Math.min(oldest + 2 * CLIENT_WINDOW,',
    paper: {
      file: CLIENT,
      test: 'a timestamp is used only below the oldest unanswered + 64',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a client uses timestamps before they are reserved',
    rule: '1.8',
    within: 'freeTimestamps',
    search: 'Math.min(oldest + CLIENT_WINDOW, state.reservedUpTo + 1)',
    replacement: '(oldest + CLIENT_WINDOW)',
    paper: {
      file: CLIENT,
      test: 'no timestamp is used before its reservation is durable',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a client that restarts begins with the first timestamp again',
    rule: '1.8',
    within: 'createSessionState',
    search: 'nextTimestamp: reservedUpTo + 1',
    replacement: 'nextTimestamp: 1',
    paper: {
      file: CLIENT,
      test: 'after a restart use begins above all that was ever reserved',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a reservation is answered before it is written',
    rule: '1.8',
    within: 'openTimestampFile',
    search: 'reserve: (upTo, done, failed) => {',
    replacement:
      'reserve: (upTo, early, failed) => {\n            early();\n            const done = () => { };',
    paper: { file: TIMESTAMPS, test: 'a reservation is on disk when it is answered', why: UNSEEN.notRun },
  },
  {
    // A full disk ended the gateway, though thousands of numbers were reserved.
    name: 'a disk that refuses a reservation ends the process',
    rule: '1.8',
    within: 'openTimestampFile',
    search: 'if (code === undefined)',
    replacement: 'if (true)',
    paper: { file: TIMESTAMPS, test: 'a disk that refuses with ENOSPC', why: UNSEEN.notRun },
  },
  {
    name: 'a client uses timestamps before it learnt where they stand',
    rule: '1.8',
    within: 'freeTimestamps',
    search: 'if (!state.place.isKnown || isKeyShared(state))',
    replacement: 'if (isKeyShared(state))',
    paper: {
      file: PLACE,
      test: 'no timestamp is used before Q replicas said where they stand',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'a client believes whoever says the highest place',
    rule: '1.8',
    within: 'notePlace',
    search: 'rankedLargest(timestamps, weak)',
    replacement: 'rankedLargest(timestamps, 1)',
    paper: { file: PLACE, test: 'f liars neither raise the place nor hide it', why: UNSEEN.noLiar },
  },
  {
    name: 'a client whose counter is behind goes on from it',
    rule: '1.8',
    within: 'onPlace',
    search: 'if (isBehind)\n        leap(state, reached);',
    replacement: '',
    paper: { file: PLACE, test: 'a lost counter is no first start', why: UNSEEN.notRun },
  },
  {
    name: 'a client goes on beside another process with its key',
    rule: '1.8',
    within: 'freeTimestamps',
    search: 'if (!state.place.isKnown || isKeyShared(state))',
    replacement: 'if (!state.place.isKnown)',
    paper: {
      file: PLACE,
      test: 'W replicas that hear another session stop this one',
      why: UNSEEN.notRun,
    },
  },
  {
    name: 'what a former process said makes its successor a second one',
    rule: '1.8',
    within: 'LiveSessions.hear',
    search: 'each.repeated > asker.firstToken',
    replacement: 'each.repeated > 0',
    paper: { file: PLACE, test: 'a process that was started again is alone', why: UNSEEN.notRun },
  },
  {
    name: 'each start of a client is the same session, and goes on from the counter that it has',
    rule: '1.7',
    within: 'onPlace',
    search: 'if (isBehind)\n        leap(state, reached);',
    replacement: '',
    also: [
      {
        within: 'sendNew',
        search: 'const request = make({ session: state.config.session, timestamp',
        replacement: 'const request = make({ session: new Uint8Array(16), timestamp',
      },
    ],
    paper: {
      file: 'simulator/client-restarts.test.ts',
      test: 'a client that starts without its counter gets answers to its own requests only',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'two processes may share a key',
    rule: '1.8',
    within: 'openTimestampFile',
    search: 'const lock = await takeDirectoryLock(',
    replacement: 'const lock = await (async (..._) => ({ release: async () => { } }))(',
    paper: { file: TIMESTAMPS, test: 'a key that is in use is refused to a second', why: UNSEEN.notRun },
  },
  {
    name: 'what became stale goes on waiting',
    attack: 'equivocating-client',
    rule: '1.9',
    within: 'dropOrdered',
    search: "state.config.standing(request) !== 'new' || wasOrdered(request)",
    replacement: "state.config.standing(request) === 'executed' || wasOrdered(request)",
    paper: {
      file: 'paper/1.9-timer.test.ts',
      test: 'executed entries are dropped, and stale ones with them',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'any progress restarts the timer',
    rule: '1.9',
    within: 'restartTimerIfServed',
    search:
      'if (waitsFor !== null && state.requests.waiting.find(waitsFor.client, waitsFor.timestamp) !== null)',
    replacement: 'if (false)',
    paper: { file: 'paper/1.9-timer.test.ts', test: 'other progress does not restart it', why: UNSEEN.cost },
  },
  {
    name: 'the timer never runs out',
    rule: '1.9',
    within: 'checkTimers',
    search: 'if (!isTimerExpired(state))\n            return;',
    replacement: 'return;',
  },
  {
    name: 'no timer runs for the checkpoint that a recovery waits for',
    rule: '1.9',
    within: 'startTimer',
    search: 'if (oldest === null && !needsFill(state))',
    replacement: 'if (oldest === null)',
    paper: {
      file: 'paper/6.4-helping.test.ts',
      test: 'while the checkpoint is awaited the timer runs',
      why: UNSEEN.rare,
    },
  },
  {
    name: 'a client believes whoever reports the highest view',
    rule: '1.12',
    within: 'currentView',
    search: 'rankedLargest(state.views, weakQuorum(state.config.n))',
    replacement: 'rankedLargest(state.views, 1)',
    paper: {
      file: 'paper/client-retransmission.test.ts',
      test: 'the view is the W-th largest reported',
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'two living processes of one key have one nonce in what they sign',
    rule: '1.8',
    within: 'encodeRequest',
    search: '[publicKey, session, timestamp, responder',
    replacement: '[publicKey, new Uint8Array(session.length), timestamp, responder',
    paper: {
      file: 'simulator/client-restarts.test.ts',
      test: 'neither gets what the other asked for',
      why: UNSEEN.rare,
    },
  },
]
