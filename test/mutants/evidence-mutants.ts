/** Mistakes against the end of rule 1.5: what contradicts itself is evidence. */
import { type Mutant, UNSEEN } from './mutant.ts'

const FILE = 'paper/1.5-evidence.test.ts'

export const EVIDENCE_MUTANTS: readonly Mutant[] = [
  {
    name: 'two votes for the same digest are evidence',
    rule: '1.5',
    within: 'evidenceFault',
    search: "equalBytes(contentOf(first), contentOf(second)) ? 'same-content' : null",
    replacement: 'null',
  },
  {
    name: 'votes of two views are evidence',
    rule: '1.5',
    within: 'isSamePlace',
    search: '|| a.view === b.view',
    replacement: '|| true',
    paper: { file: FILE, test: 'what both may be said is no evidence', why: UNSEEN.rare },
  },
  {
    name: 'evidence names another replica than the one that signed',
    rule: '1.5',
    within: 'evidenceOf',
    search: 'guilty: first.sender, first',
    replacement: 'guilty: first.sender === 0 ? 1 : 0, first',
  },
  {
    name: 'a vote that contradicts the own pre-prepare is not shown',
    rule: '1.5',
    within: 'onVote',
    search: 'exhibitConflictingVote(turn, slot, vote);',
    replacement: '',
    paper: { file: FILE, test: 'convicted, though each got one half', why: UNSEEN.cost },
  },
  {
    name: 'what is shown needs no good signature',
    attack: 'frame-victim',
    rule: '1.5',
    within: 'SignedFaults.#voucherFault',
    search: 'return this.#signatures.shownFault(message.messages)',
    replacement: 'return null',
    paper: { file: FILE, test: 'an exhibit counts on its own link only', why: UNSEEN.noLiar },
  },
  {
    name: 'evidence is not written again before the log is trimmed',
    rule: '1.5',
    within: 'onStored',
    search: 'persistEvidenceAgain(turn);',
    replacement: '',
    paper: { file: FILE, test: 'evidence outlives a restart', why: UNSEEN.madeUp },
  },
]
