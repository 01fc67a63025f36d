/** What the columns of reports mean: told by the command's help, on the page, and under a table for a text. */

/** Of the columns of `HEADINGS` in cells.ts. */
export const COLUMNS_LEGEND = `Columns: acts, how often the adversaries acted; views, how often correct replicas left a
view; op/s, answers that correct clients got in a second, without the time in which more
than f replicas were kept from working; gap, the longest time without an acknowledged write
since the attack began; share, of the op/s without the attack, the mean of before and after;
of work, the same share of the answers for each second of processor time that the correct
replicas took together: what attackers and other programs take of the machine is not in it;
attackers, processors that the attackers' processes kept busy, less what traitors took as
honest replicas before it, and empty where the attack is part of the process of the load;
held, the longest that the loop of a correct replica was held by its own work; suspected, by
correct replicas, with a question mark where the suspect was working; guilty, of whom a
correct replica holds proof; peak, memory of the largest correct replica.`

/** Of the columns of the table for a text, without what their headings say. */
export const TEXT_LEGEND = `op/s are answers that correct clients got in a second, without the time in which more than f replicas were kept from
working. A share is one of the mean of before and after. The share per processor second is that of the answers for each
second of processor time (user and system) that the correct replicas took together: it tells what the attack makes them
work, and nothing of what attackers and other programs take of the same machine. The attackers' processors are those that
the processes of traitors and hostile clients kept busy, less what traitors took as honest replicas before the attack; it
is empty where the attack is part of the process of the load. The longest gap is one without an acknowledged write.`
