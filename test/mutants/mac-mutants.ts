/** Mistakes in MACs, their keys, and what rule 4.10 says of requests that have them. */
import { type Mutant, UNSEEN } from './mutant.ts'

const CONFORMANCE = 'conformance/message-macs.test.ts'
const LINKS = 'conformance/oral-authentication.test.ts'
const RULE = 'paper/4.10-requests-with-macs.test.ts'

export const MAC_MUTANTS: readonly Mutant[] = [
  {
    name: 'a MAC is not checked',
    rule: '4.10',
    within: 'createMessageMacs',
    search: 'if (!suite.verifyMac(received.mac, key, digest))',
    replacement: 'if (false)',
    paper: { file: CONFORMANCE, test: 'is valid for no other sender', why: UNSEEN.noLiar },
  },
  {
    name: 'both directions of a pair have one key',
    rule: '4.10',
    within: 'PairwiseKeys.#derive',
    search: 'const info = concatBytes(this.#options.cluster.clusterId, ...direction, number);',
    replacement:
      'const info = concatBytes(this.#options.cluster.clusterId, ...[...direction].sort((a, b) => (a.at(-1) ?? 0) - (b.at(-1) ?? 0)), number);',
    paper: { file: CONFORMANCE, test: 'cannot be sent back', why: UNSEEN.noLiar },
  },
  {
    name: 'the keys are the same in every epoch',
    rule: '4.10',
    within: 'PairwiseKeys.#derive',
    search: 'writeU32(number, 0, epoch);',
    replacement: '',
    paper: { file: CONFORMANCE, test: 'changes every MAC', why: UNSEEN.noLiar },
  },
  {
    name: 'keys of epochs that are over stay good',
    rule: '4.10',
    within: 'PairwiseKeys.openingKey',
    search: 'if (newest !== null && epoch < newest - 1)',
    replacement: 'if (false)',
    paper: { file: CONFORMANCE, test: 'refuses what is older', why: UNSEEN.noLiar },
  },
  {
    name: 'a bad MAC of a later epoch ends the epochs before it',
    rule: '4.10',
    within: 'createMessageMacs',
    search: 'if (!suite.verifyMac(received.mac, key, digest))',
    replacement:
      'keys.noteGood(sender, { epoch: received.epoch, key });\n            if (!suite.verifyMac(received.mac, key, digest))',
    paper: { file: CONFORMANCE, test: 'is not moved by a bad MAC', why: UNSEEN.noLiar },
  },
  {
    name: 'what only its receiver can check is taken from others too',
    rule: '4.8',
    within: 'linkFault',
    search: "vouched !== 'author' || mode === 'oral'",
    replacement: "vouched !== 'author'",
    paper: { file: LINKS, test: "over its sender's own link only", why: UNSEEN.noLiar },
  },
  {
    name: 'a batch that nobody vouches for is accepted',
    rule: '4.10',
    within: 'isDoubted',
    search: 'if (doubtful.length === 0)',
    replacement: 'if (doubtful.length >= 0)',
    paper: { file: RULE, test: 'a batch with a request that cannot be checked waits', why: UNSEEN.notRun },
  },
  {
    name: 'one less than W vouch for a batch',
    rule: '4.10',
    within: 'vouchedFor',
    search: 'return vouchersOf(slot, waiting.digest) >= weakQuorum(config.n) ? waiting : null;',
    replacement: 'return vouchersOf(slot, waiting.digest) >= weakQuorum(config.n) - 1 ? waiting : null;',
    also: [
      {
        within: 'isDoubted',
        search: 'vouchersOf(slot, digest) >= weakQuorum(state.config.n);',
        replacement: 'vouchersOf(slot, digest) >= weakQuorum(state.config.n) - 1;',
      },
    ],
    paper: { file: RULE, test: 'vouch for it, and not W - 1, that came', why: UNSEEN.notRun },
  },
  {
    name: 'a client whose MACs were wrong goes on with MACs',
    rule: '4.10',
    within: 'mustSign',
    search: 'return count >= weakQuorum(state.config.n) || complaints[primary(state)]?.has(client) === true;',
    replacement: 'return false;',
    paper: { file: RULE, test: 'are needed to ask a client for signatures', why: UNSEEN.notRun },
  },
  {
    name: 'one liar makes any client sign',
    rule: '4.10',
    within: 'mustSign',
    search: 'return count >= weakQuorum(state.config.n) ||',
    replacement: 'return count > 0 ||',
    paper: { file: RULE, test: 'are needed to ask a client for signatures', why: UNSEEN.cost },
  },
  {
    name: 'backups wait for what the primary cannot check',
    rule: '4.10',
    within: 'mustSign',
    search: '|| complaints[primary(state)]?.has(client) === true;',
    replacement: ';',
    paper: { file: RULE, test: 'no timer waits for a primary', why: UNSEEN.notRun },
  },
  {
    name: 'a client signs when one replica wants it',
    rule: '4.10',
    within: 'onRefusal',
    search: "if (reason === 'must-sign')",
    replacement: "if (reason === 'must-sign' || agreeing > 99)",
    also: [
      {
        within: 'onRefusal',
        search: 'if (agreeing < needed)',
        replacement: "if (agreeing < needed && reason !== 'must-sign')",
      },
    ],
    paper: { file: 'paper/4.10-client.test.ts', test: 'W refusals make it sign', why: UNSEEN.cost },
  },
]
