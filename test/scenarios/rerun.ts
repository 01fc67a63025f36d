/**
 * Dialogues: files that a person reads and this runs. A line that begins with `> ` is a command; the lines below it, up
 * to the next command or empty line, are what the replicas made of it, and are written by the run. All other text is prose.
 *
 *     > cluster of 4              signed; `cluster of 4, oral`; `cluster of 4, K = 4` for checkpoints every 4 batches
 *     > A asks 0                  client A's next request, to one replica, or to several: `A asks 0,1`; the same one: `A asks again 0,1`
 *     > deliver                   everything under way arrives, and what follows from it, until nothing moves
 *     > deliver COMMIT to 3       only what matches arrives, once; also `s=1`, `from 0`, and any of them together
 *     > lose COMMIT to 3          what matches is lost
 *     > cut 3                     everything from and to 3 is lost from now on; `join 3` ends it
 *     > run 60 ticks              time passes, everything arrives; `run 60 ticks, show VIEW-CHANGE NEW-VIEW` says less
 *     > 0 is a traitor            says only what the dialogue has it say, and nobody hears anything else of it
 *     > 0 says PRE-PREPARE v=0 s=1 {A1} to 1     also PREPARE, COMMIT; VIEW-CHANGE v=1; NEW-VIEW v=1 of 1,2,3 choosing 1: null
 *     > crash 1                   and starts again from its log; `1 loses its disk` starts without one
 *     > show                      a line for each replica
 *
 * Each replica syncs its log whenever everything that could arrive has arrived.
 */
import { assert } from '../../src/base/assert.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { Dialogue } from './dialogue.ts'

/** Runs the commands of a dialogue; gives its text with what they print now. */
export function rerun(text: string): string {
  const out: string[] = []
  let dialogue: Dialogue | null = null
  let isOutput = false
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('> ')) {
      const command = line.slice(2).replace(/\s+#.*$/, '')
      const cluster = /^cluster of (\d+)(, oral)?(?:, K = (\d+))?$/.exec(command)
      out.push(line)
      if (cluster === null) {
        assert(dialogue !== null, 'a dialogue begins with its cluster')
        out.push(...dialogue.perform(command))
      } else {
        const [, n, oral, interval] = cluster
        const mode = oral === undefined ? 'signed' : 'oral'
        dialogue = new Dialogue(
          createClusterKit(Number(n), 1, mode, interval === undefined ? undefined : Number(interval)),
        )
      }
      isOutput = true
    } else if (!isOutput || line === '') {
      isOutput = false
      out.push(line)
    }
  }
  return `${out.join('\n')}\n`
}
