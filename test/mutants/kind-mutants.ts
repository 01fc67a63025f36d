/** Mistakes in the table of kinds: one wrong word in a row. */
import { type Mutant, UNSEEN } from './mutant.ts'

const KINDS = 'src/messages/kinds.js'
const CONFORMANCE = 'conformance/kinds.test.ts'

export const KIND_MUTANTS: readonly Mutant[] = [
  {
    name: 'a signed cluster takes what says without signatures what is signed there',
    rule: '4.8',
    file: KINDS,
    search: "'view-change-ack': { number: 18, mode: 'oral'",
    replacement: "'view-change-ack': { number: 18, mode: 'both'",
    paper: { file: CONFORMANCE, test: 'a signed cluster takes no view-change-ack', why: UNSEEN.noLiar },
  },
  {
    name: 'a page is taken in the name of whoever it says',
    rule: '1.11',
    file: KINDS,
    search: "taker: 'pages', vouched: 'link', lane: 'common', size: 'short' },\n    'stable-checkpoint'",
    replacement:
      "taker: 'pages', vouched: 'author', lane: 'common', size: 'short' },\n    'stable-checkpoint'",
    paper: { file: CONFORMANCE, test: 'a page is taken on the link of its sender alone', why: UNSEEN.noLiar },
  },
  {
    name: 'a vote is said to leave its view, and waits for the disk in vain',
    rule: '6',
    file: KINDS,
    search:
      "prepare: { number: 3, mode: 'both', author: 'replica', taker: 'protocol', vouched: 'author', lane: 'common', size: 'short', isOnce: true, phase: 'inside' }",
    replacement:
      "prepare: { number: 3, mode: 'both', author: 'replica', taker: 'protocol', vouched: 'author', lane: 'common', size: 'short', isOnce: true, phase: 'leaving' }",
  },
]
