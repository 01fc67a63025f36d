/** Mistakes against what the store promises of its history: revisions, reads of older ones, compaction. */
import { type Mutant, UNSEEN } from './mutant.ts'

const HISTORY = 'store/history-model.test.ts'
const CHANGES = 'store/changes-model.test.ts'

export const STORE_MUTANTS: readonly Mutant[] = [
  {
    name: 'each change of a request takes a revision',
    rule: '1.6',
    within: 'KeyValueStore.#advance',
    search: 'if (this.#sub < 0)\n            this.#revision++;',
    replacement: 'this.#revision++;',
    paper: { file: HISTORY, test: 'any requests are answered as the model answers them', why: UNSEEN.notRun },
  },
  {
    name: 'a read of an older revision goes back too far',
    rule: '1.6',
    within: 'EntryView.back',
    search: 'if (main > revision)',
    replacement: 'if (main > 0)',
    paper: { file: HISTORY, test: 'is read at any revision in few steps', why: UNSEEN.notRun },
  },
  {
    name: 'a read of an older revision passes over what was deleted since',
    rule: '1.6',
    within: 'entriesAt',
    search: 'revision < store.revision ?',
    replacement: 'revision < 0 ?',
    paper: { file: HISTORY, test: 'a deleted key is there at the revisions before', why: UNSEEN.notRun },
  },
  {
    name: 'the floor itself cannot be read',
    rule: '1.6',
    within: 'isOutOfReach',
    search: 'revision >= compaction.floor',
    replacement: 'revision > compaction.floor',
    paper: { file: HISTORY, test: 'works at the floor', why: UNSEEN.notRun },
  },
  {
    name: 'the history grows without an end',
    rule: '1.6',
    within: 'Compaction.#obeyLimits',
    search: 'this.moveTo(revision - revisionsMax);',
    replacement: '',
    paper: { file: HISTORY, test: 'by count', why: UNSEEN.cost },
  },
  {
    name: 'deleted keys stay when their deletion is compacted',
    rule: '1.6',
    within: 'KeyValueStore.forget',
    search: 'this.tree.delete();\n        this.#deleted--;',
    replacement: '',
    paper: { file: HISTORY, test: 'leaves nothing of what it removed', why: UNSEEN.cost },
  },
  {
    name: 'a part of a revision is given for the whole',
    rule: '1.6',
    within: 'portionOf',
    search: 'through: last, fieldBytes',
    replacement: 'through: endOfRevision(last.main), fieldBytes',
    paper: { file: CHANGES, test: 'a revision that no answer can hold', why: UNSEEN.notRun },
  },
  {
    name: 'the change at the floor cannot be read',
    rule: '1.6',
    within: 'executeChanges',
    search: 'firstOf(after).main < compaction.floor',
    replacement: 'firstOf(after).main <= compaction.floor',
    paper: { file: CHANGES, test: 'the change at the floor', why: UNSEEN.notRun },
  },
  {
    name: 'a value before the floor is shown as the previous one',
    rule: '1.6',
    within: 'portionOf',
    search: 'query.previous && main > compaction.floor',
    replacement: 'query.previous',
    paper: { file: CHANGES, test: 'the change at the floor', why: UNSEEN.notRun },
  },
  {
    name: 'a put that its transaction deletes is shown as the deletion left it',
    rule: '1.6',
    within: 'entryOf',
    search: 'entry.sub > sub',
    replacement: 'false',
    paper: { file: CHANGES, test: 'a put that its own transaction deletes', why: UNSEEN.notRun },
  },
]
