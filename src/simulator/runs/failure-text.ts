/** The text of a failure: the plan of its run, and the command that repeats it. */
import type { AuthenticationMode } from '../../messages/cluster.ts'
import { type Plan, textOfFault, traitorsOf } from '../plan/plan.ts'

/** The maximum number of faults in a failure's description. */
const DESCRIBED_FAULTS_MAX = 24

/** The plan in a few lines. */
export function planLines(plan: Plan): readonly string[] {
  const { n, mode, suite, network, calmAtMs, faults, workload, staysDown } = plan
  const { loss, duplication, reordering, delayMs } = network
  const rates = `loss ${loss}, duplication ${duplication}, reordering ${reordering}, delay ${delayMs.join('-')} ms`
  const load = `${workload.clients} clients with ${workload.requestsPerClient} requests each`
  const roles = `traitors [${traitorsOf(plan)}], permanently down [${staysDown}]`
  return [
    `plan: n ${n}, ${mode}, ${suite} signatures, ${roles}, ${load}, ${rates}, calm at ${calmAtMs} ms`,
    ...faults.slice(0, DESCRIBED_FAULTS_MAX).map((fault) => `  ${fault.atMs} ms ${textOfFault(fault)}`),
    ...(faults.length > DESCRIBED_FAULTS_MAX ? [`  and ${faults.length} faults in all`] : []),
  ]
}

/** The command that repeats the run of a seed. */
export function replayCommand(seed: number, n: number | undefined, mode: AuthenticationMode): string {
  const size = n === undefined ? '' : ` --replicas ${n}`
  const auth = mode === 'signed' ? '' : ` --auth ${mode}`
  return `strategos simulate --seed ${seed}${size}${auth}`
}
