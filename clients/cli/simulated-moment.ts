/** A run of the simulator at one moment: where its replicas stand after some steps, and the page that opens it. */
import { writeFileSync } from 'node:fs'
import { startSwarm } from '../../attacks/run/simulated/swarm.ts'
import type { Plan } from '../../src/simulator/plan/plan.ts'
import { encodePlanLink } from '../../src/simulator/plan/plan-link.ts'
import type { SimulationOptions } from '../../src/simulator/runs/simulate.ts'
import { type Moment, momentOf, type ReplicaMoment } from '../../src/simulator/trace/moment.ts'
import { builtPage } from '../web/bundle/built-pages.ts'
import { openedAt } from '../web/html.ts'
import { tableText } from './table.ts'

/** Runs until so many steps have happened, or the run is over. */
export function momentAfter(options: SimulationOptions, steps: number): Moment {
  const simulation = startSwarm(options)
  while (simulation.trace.steps < steps && simulation.next());
  return momentOf(simulation)
}

export function showMoment(moment: Moment, { json }: { readonly json?: true }): void {
  if (json) return console.log(JSON.stringify(moment, null, 2))
  const { steps, atMs, traceHash, replicas } = moment
  console.log(`${steps} steps, ${atMs.toFixed(3)} virtual ms, trace ${traceHash}\n`)
  console.log(tableText([HEAD, ...replicas.map(rowOf)], { words: new Set([0, 3, 4]) }))
}

const HEAD = ['replica', 'view', 'executed', 'state', 'open']

function rowOf({ id, isTraitor, state }: ReplicaMoment): readonly string[] {
  const name = isTraitor ? `${id}, traitor` : `${id}`
  if (state === null) return [name, 'down', '', '', '']
  const { view, isActive, lastExecuted, fingerprint, slots } = state
  const open = slots.filter(({ phase }) => phase !== 'executed')
  return [
    name,
    isActive ? `${view}` : `to ${view}`,
    `${lastExecuted}`,
    fingerprint ?? 'in a batch',
    open.map(({ sequence, phase, digest }) => `${sequence} ${phase} ${digest ?? ''}`.trim()).join(', '),
  ]
}

/** Writes the playground as a page from disk that opens at the beginning of this run. */
export function writePlayground(path: string, plan: Plan): void {
  const { html } = builtPage('playground')
  writeFileSync(path, openedAt(html, encodePlanLink({ plan, step: 0, level: null })))
  console.error(`${path} is the playground with this run: open it in a browser.`)
}
