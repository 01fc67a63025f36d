import type { ReplicaId } from '../../../src/base/ids.ts'
import { quorum } from '../../../src/base/quorum.ts'
import type { Fault } from '../../../src/simulator/plan/plan.ts'
import { type Attack, type AttackContext, firstPrimaries } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'

/** Each lasts long enough for a view change of both sides. `simulator/runs/twins.ts` goes through all of them in turn. */
const ROUNDS = 3

/** On which side of the network each node is: the replicas, then the second halves of the twins. */
function drawSides({ n, traitors, random }: AttackContext): readonly number[] {
  for (;;) {
    const first = Array.from({ length: n }, () => random.below(2))
    const sides = [...first, ...traitors.map((twin) => 1 - (first[twin] as number))]
    const isOn = (side: number) => (node: number) => sides[node] === side
    const nodes = [...sides.keys()]
    const idOf = (node: number): number => (node < n ? node : (traitors[node - n] as ReplicaId))
    const hasQuorum = [0, 1].some((side) => new Set(nodes.filter(isOn(side)).map(idOf)).size >= quorum(n))
    if (hasQuorum) return sides
  }
}

function parted(sides: readonly number[], atMs: number): Fault {
  const reach = sides.map((own) =>
    sides.reduce((bits, side, node) => (side === own ? bits | (1 << node) : bits), 0),
  )
  return { kind: 'partition', reach, atMs }
}

export const twins: Attack = {
  name: 'twins',
  world: 'simulator',
  targets: ['safety'],
  does: 'f replicas run twice with one key, each copy honest on its side of a network that is partitioned anew each round',
  source: 'Bano and others, OPODIS 2021 (Twins)',
  expects: 'the invariants hold; a twin leads the first view on both sides',
  traitors: firstPrimaries,
  behaviour: () => together(),
  simulated: {
    hasTwins: true,
    faults: (scene) =>
      Array.from({ length: ROUNDS }, (_, round) =>
        parted(drawSides(scene), (round * scene.lastsMs) / ROUNDS),
      ),
  },
}
