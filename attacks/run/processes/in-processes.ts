/**
 * Runs an attack against real replica processes: a warm-up, a phase before the attack, the attack, and a phase after
 * it, all under the load of correct clients. Then all processes end, and their disks are checked too.
 */

import { openConnection } from '../../../clients/library/connection.ts'
import { toReplicaId } from '../../../src/base/ids.ts'
import { type AnyAttack, modeFor, playedPart } from '../../language/attack.ts'
import type { AttackReport } from '../../report/report.ts'
import { controlOf } from '../judge.ts'
import { Suspects } from '../suspects.ts'
import { clientsOf, OBSERVER } from './client-names.ts'
import { ClusterMonitor } from './cluster-monitor.ts'
import { type ProcessSetting, type Run, RunPhases } from './run-phases.ts'
import { TestCluster } from './test-cluster.ts'

/**
 * The maximum number of clusters: one that changed its view before the attack gives no verdict, and another one is
 * made.
 */
const TRIES = 3

/** Runs the attack. Rejects if the run is interrupted, or if the machine cannot run a cluster. */
export async function attackInProcesses(attack: AnyAttack, asked: ProcessSetting): Promise<AttackReport> {
  const setting = { ...asked, auth: modeFor(attack, asked.auth) }
  const startedAt = performance.now()
  for (let tries = 1; ; tries++) {
    const run = await runOnce(attack, setting, tries === TRIES)
    if (run === 'disturbed') {
      setting.say('the view changed before the attack began because the machine is busy: trying again')
      continue
    }
    const { name, targets, does, source, expects } = attack
    const repeated = tries === 1 ? [] : [`it took ${tries} clusters until one was calm before the attack`]
    return {
      attack: { name, targets, does, source, expects },
      mustBreak: controlOf(attack, run.facts)?.breaks ?? null,
      world: 'processes',
      seed: setting.seed,
      ...run,
      notes: [...run.notes, ...repeated],
      seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    }
  }
}

async function runOnce(
  attack: AnyAttack,
  setting: ProcessSetting,
  isLastTry: boolean,
): Promise<Run | 'disturbed'> {
  const { n, suite, auth, seed, commands, signal, say } = setting
  const traitors = setting.traitors?.map((id) => toReplicaId(id)) ?? attack.traitors?.(n) ?? []
  say(`starting ${n} replicas${traitorsText(traitors)}`)
  const testCluster = await TestCluster.open({
    requests: attack.needsMacs === true ? 'oral' : 'signed',
    name: attack.name,
    n,
    suite,
    auth,
    seed,
    traitors,
    commands,
    clients: clientsOf(attack),
    openFiles: attack.outside?.openFiles ?? null,
    hasGateway: attack.outside?.needsGateway === true,
    hasProxies: attack.plays === 'network' || playedPart(attack)?.environment?.linkFaults !== undefined,
  })
  const closers: (() => Promise<void>)[] = [() => testCluster.close()]
  try {
    signal.throwIfAborted()
    const connection = await openConnection({ directory: testCluster.root, name: OBSERVER })
    closers.unshift(() => connection.close())
    const suspects = new Suspects()
    const watch = new ClusterMonitor({
      connection,
      correct: testCluster.correct,
      pidOf: (id) => testCluster.pid(id),
      isRight: (suspicion) => suspects.isRight(suspicion),
    })
    closers.unshift(() => watch.stop())
    return await new RunPhases({ attack, setting, testCluster, watch, traitors, suspects }).run(isLastTry)
  } finally {
    // Runs the steps in order, even if an earlier one failed.
    for (const close of closers) await close().catch((error) => say(`cleaning up: ${error}`))
  }
}

/** Returns for example ", replica 3 as a traitor" or ", replicas 2 and 3 as traitors"; empty without traitors. */
export function traitorsText(traitors: readonly number[]): string {
  const last = traitors.at(-1)
  if (last === undefined) return ''
  if (traitors.length === 1) return `, replica ${last} as a traitor`
  return `, replicas ${traitors.slice(0, -1).join(', ')} and ${last} as traitors`
}
