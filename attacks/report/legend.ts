/** The meaning of the columns of reports, for the command's help, for the page, and for Markdown tables. */

/** The columns of `HEADINGS` in cells.ts, each with its meaning. */
export const COLUMN_MEANINGS: readonly (readonly [string, string])[] = [
  ['acts', 'the acts of the adversaries'],
  ['views', 'the number of views that correct replicas left'],
  [
    'op/s',
    'answers to correct clients per second, without the time in which an attack from outside disturbed more than f replicas',
  ],
  ['gap', 'the longest time without an acknowledged write since the attack began'],
  [
    'share',
    'the op/s under attack as a share of the mean of before and after, or of before alone if correct replicas have split',
  ],
  [
    'of work',
    'the same share of the answers per second of processor time of all correct replicas, regardless of other programs',
  ],
  [
    'attackers',
    "the processors that the attackers' processes used, in addition to those of traitors as honest replicas before; empty if the attack runs in the load's process",
  ],
  ['held', 'the longest time for which its own work held the event loop of a correct replica'],
  ['suspected', 'suspected replicas; false suspicions are marked "?"'],
  ['guilty', 'replicas against which a correct replica holds proof'],
  ['peak', 'the memory of the largest correct replica'],
]

/** The same as a paragraph. */
export const COLUMNS_LEGEND = `Columns: ${COLUMN_MEANINGS.map((each) => each.join(': ')).join('. ')}.`

/** The legend of a Markdown table, for the columns whose headings need one. */
export const TEXT_LEGEND = `op/s: answers to correct clients per second, without the time in which an attack from
outside disturbed more than f replicas. Share: of the mean of before and after, or of before alone if correct replicas
have split. Share per processor second: the same share of the answers per second of processor time, user and system,
of all correct replicas. It shows how much more they work for an answer, regardless of attackers and other programs on
the machine. It also falls a little if clients get less for another reason, because the fixed work of replicas is then
spread over fewer answers. Attackers' processors: the processors that the processes of traitors and hostile clients
used, in addition to those of traitors as honest replicas before the attack; empty if the attack runs in the load's
process. Longest gap: the longest time without an acknowledged write since the attack began.`
