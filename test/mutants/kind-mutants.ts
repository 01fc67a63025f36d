/** Mistakes in the table of kinds: one wrong word in a row. */
import { type Mutant, UNSEEN } from './mutant.ts'

const CONFORMANCE = 'conformance/kinds.test.ts'

export const KIND_MUTANTS: readonly Mutant[] = [
  {
    name: 'a signed cluster takes an acknowledgement of oral mode',
    rule: '4.8',
    within: 'KINDS',
    search: "'view-change-ack': { number: 18, mode: 'oral'",
    replacement: "'view-change-ack': { number: 18, mode: 'both'",
    paper: { file: CONFORMANCE, test: "a signed cluster takes no 'view-change-ack'", why: UNSEEN.noLiar },
  },
  {
    name: 'a page is taken over any link',
    rule: '1.11',
    within: 'KINDS',
    search: "taker: 'pages', vouched: 'link', lane: 'common', size: 'short' },\n    'stable-checkpoint'",
    replacement:
      "taker: 'pages', vouched: 'author', lane: 'common', size: 'short' },\n    'stable-checkpoint'",
    paper: {
      file: CONFORMANCE,
      test: "a 'page' is taken on the link of its sender alone",
      why: UNSEEN.noLiar,
    },
  },
  {
    name: 'a PREPARE counts as said to leave its view, and is dropped once the disk has it',
    rule: '6',
    within: 'KINDS',
    search:
      "prepare: { number: 3, mode: 'both', author: 'replica', taker: 'protocol', vouched: 'author', lane: 'common', size: 'short', isOnce: true, phase: 'inside' }",
    replacement:
      "prepare: { number: 3, mode: 'both', author: 'replica', taker: 'protocol', vouched: 'author', lane: 'common', size: 'short', isOnce: true, phase: 'leaving' }",
  },
]
