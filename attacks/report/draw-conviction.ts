/** Draws the picture of the front page from a simulated run: `npm run picture`. Its argument is the file to write. */
import { writeFileSync } from 'node:fs'
import { toReplicaId } from '../../src/base/ids.ts'
import type { TracedStep } from '../../src/simulator/trace/trace.ts'
import { equivocate } from '../catalogue/primary/equivocate.ts'
import { attackInSimulator } from '../run/simulated/in-simulator.ts'
import { convictionPicture } from './conviction-picture.ts'

/**
 * A run in which the lie, the proof, the answer and the next view follow closely, so that they fit into the picture.
 */
const SEED = 4

export function drawConviction(): string {
  const steps: TracedStep[] = []
  const { result } = attackInSimulator(equivocate, {
    n: 4,
    seed: SEED,
    onStep: (step) => {
      steps.push(step)
    },
  })
  const { history } = result
  return convictionPicture({ n: 4, traitor: toReplicaId(0), steps, history, command: 'npm run picture' })
}

const [, , file] = process.argv
if (file !== undefined && import.meta.filename === process.argv[1]) writeFileSync(file, drawConviction())
