/** Each algorithm of the gallery without one of its conditions: its exploration finds that a property is violated. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import type { GalleryEntry } from '../../src/simulator/classics/gallery/entry.ts'
import { ROOT } from '../kit/built-program.ts'

/** The entry, its file below src/classics, the condition as it stands in the built file, and its replacement. */
const MUTANTS: readonly (readonly [string, string, string, string])[] = [
  ['lamport-clock', 'time/lamport-clock', 'Math.max(now, seen)', 'now'],
  ['vector-clock', 'time/vector-clock', 'Math.max(count, seen[id] ?? 0)', 'count'],
  ['cristian', 'time/cristian', 'message.time + roundTrip / 2 - clock', 'message.time - clock'],
  ['berkeley', 'time/berkeley', '(clock - state.polledAt) / 2', '0'],
  ['clock-averaging', 'time/clock-averaging', 'sorted.slice(faults, sorted.length - faults)', 'sorted'],
  ['chandy-lamport', 'snapshots/chandy-lamport', '!state.open.includes(from)', 'true'],
  ['deadlock-detection', 'snapshots/deadlock-detection', 'state.recorded === from', 'false'],
  [
    'central-server',
    'mutual-exclusion/central-server',
    "type === 'REQUEST' && state.inside !== null",
    'false',
  ],
  ['token-ring', 'mutual-exclusion/token-ring', '!state.wants', 'true'],
  [
    'lamport-mutual-exclusion',
    'mutual-exclusion/lamport-queue',
    'isFirst && isEarlier(own, self, heard[id] ?? 0, id)',
    'isFirst',
  ],
  ['ricart-agrawala', 'mutual-exclusion/ricart-agrawala', 'requested === clock && self < from', 'false'],
  ['maekawa', 'mutual-exclusion/maekawa', 'next.votes.length < quorum.length', 'false'],
  ['fencing-tokens', 'mutual-exclusion/fencing', 'isFenced && token < state.token', 'false'],
  ['chang-roberts', 'election/chang-roberts', 'number > own', 'false'],
  ['bully', 'election/bully', "timer === 'no answer'", 'true'],
  ['heartbeat', 'failure-detectors/heartbeat', "timers: [{ name: 'wait', after: null }]", 'timers: []'],
  ['phi-accrual', 'failure-detectors/phi-accrual', 'phi(wait, intervals) < threshold', 'false'],
  ['flood-set', 'agreement/flood-set', 'state.round < rounds', 'state.round < 1'],
  ['oral-messages', 'agreement/oral-messages', 'strictMajority(', 'Math.max(...'],
  ['phase-king', 'agreement/phase-king', '>= n - faults', '>= 1'],
  ['suspicion-quorum', 'failure-detectors/suspicion-quorum', '2 * votes.length <= counted', 'false'],
]

test.each(MUTANTS)('%s: %s without %s', async (name, file, condition, replacement) => {
  const folder = mkdtempSync(join(tmpdir(), 'strategos-gallery-'))
  try {
    for (const room of ['base', 'messages', 'classics', 'crypto', 'simulator/classics'])
      cpSync(join(ROOT, 'dist/src', room), join(folder, 'src', room), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const path = join(folder, 'src/classics', `${file}.js`)
    const parts = readFileSync(path, 'utf8').split(condition)
    expect([condition, parts.length]).toEqual([condition, 2])
    writeFileSync(path, parts.join(replacement))
    const [room = ''] = file.split('/')
    const module = join(folder, 'src/simulator/classics/gallery', `${room}.js`)
    const exported: Record<string, readonly GalleryEntry[]> = await import(pathToFileURL(module).href)
    const entry = Object.values(exported)
      .filter((value) => Array.isArray(value))
      .flat()
      .find((each) => each.name === name)
    expect(entry?.explore().violation).toMatchObject({ property: expect.any(String) })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
