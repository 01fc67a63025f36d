/** The meaning of the columns of reports, for the command's help, on the page, and under a table for a text. */

/** Of the columns of `HEADINGS` in cells.ts. */
export const COLUMNS_LEGEND = `Columns: acts, the acts of the adversaries; views, the views that correct replicas
left; op/s, answers that correct clients got in a second, without the time in which an attack from outside kept more
than f replicas from working; gap, the longest time without an acknowledged write since the attack began; share, of
the op/s without the attack, which is the mean of before and after, and of before alone where correct replicas have
split; of work, the same share of the answers for each second of processor time that the correct replicas took
together, so that what others take of the machine is not in it; attackers, processors that the attackers' processes
kept busy, less what traitors took as honest replicas before it, and empty where the attack is part of the process of
the load; held, the longest that the loop of a correct replica was held by its own work; suspected, by correct
replicas, with a question mark where the suspect was working; guilty, of whom a correct replica holds proof; peak,
memory of the largest correct replica.`

/** Of the columns of the table for a text, where their headings do not say it. */
export const TEXT_LEGEND = `op/s: answers that correct clients got in a second, without the time in which an attack
from outside kept more than f replicas from working. Share: of the mean of before and after, and of before alone where
correct replicas have split. Share per processor second: the same of the answers for each second of processor time,
user and system, that the correct replicas took together. It tells how much more they have to work for an answer, and
nothing of what attackers and other programs take of the same machine; where clients get less for another reason it
falls a little too, for what replicas do for a batch, or for no request at all, is spread over fewer answers.
Attackers' processors: how many the processes of traitors and hostile clients kept busy, less what traitors took as
honest replicas before the attack; empty where the attack is part of the process of the load. Longest gap: the longest
time without an acknowledged write since the attack began.`
