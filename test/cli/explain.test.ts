/** The command explain: a run in sentences. */
import { describe, expect, test } from 'vitest'
import { EVERY_ATTACK } from '../../attacks/catalogue/every-attack.ts'
import { runsInSimulator } from '../../attacks/language/attack.ts'
import { attackInSimulator } from '../../attacks/run/simulated/in-simulator.ts'
import { entryText, explanationText } from '../../clients/cli/explanation-text.ts'
import { RunRecording } from '../../clients/cli/run-recording.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import { DecisivePart } from '../../src/simulator/trace/decisive-part.ts'
import { type ExplainedEntry, Explainer } from '../../src/simulator/trace/explanation.ts'
import { LeavingGrounds } from '../../src/simulator/trace/leaving-grounds.ts'
import type { Moment } from '../../src/simulator/trace/moment.ts'
import type { TracedStep } from '../../src/simulator/trace/trace.ts'
import { expectSentence, runHere } from './command-kit.ts'

const widest = (printed: string): number => Math.max(...printed.split('\n').map((line) => line.length))
const oneLine = (printed: string): string => printed.replace(/\s+/g, ' ')

describe('a seed', () => {
  test('its decisive part fits 80 columns, and says what it leaves out', async () => {
    const { stdout, code } = await runHere(['explain', '3', '--replicas', '4'])
    expect(code).toBe(0)
    expect(widest(stdout)).toBeLessThanOrEqual(80)
    expect(stdout.split('\n').length).toBeLessThan(400)
    const text = oneLine(stdout)
    expect(text).toMatch(/Steps \d+ to \d+ of \d+: from the first fault to the end of sequence number 1\./)
    expect(text).toMatch(
      /replica \d gets from replica 0 PRE-PREPARE for 1 in view 0, batch [0-9a-f]{8}: it accepts it/,
    )
    expect(text).toMatch(/has its log on disk up to record \d+: it sends all PREPARE for 1 .* \(rule 1\.3\)/)
    expect(text).toContain('After: strategos explain 3 --replicas 4 --from ')
  })

  test('its steps have the numbers of simulate --steps, and one replica can be asked for', async () => {
    const asked = ['explain', '3', '--replica', '1', '--from', '100', '--to', '900', '--json']
    const { stdout } = await runHere(asked)
    const { entries } = JSON.parse(stdout) as { readonly entries: readonly ExplainedEntry[] }
    const steps = entries.flatMap(({ step }) => step ?? [])
    expect(new Set(entries.map(({ replica }) => replica))).toEqual(new Set([1, null]))
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(100)
    expect(Math.max(...steps)).toBeLessThanOrEqual(900)
    const executes = entries.find(({ effects }) => effects.some(({ text }) => text.startsWith('executes')))
    const moment = async (after: number): Promise<number | undefined> => {
      const simulated = await runHere(['simulate', '--seed', '3', '--steps', `${after}`, '--json'])
      return (JSON.parse(simulated.stdout) as Moment).replicas[1]?.state?.lastExecuted
    }
    const step = executes?.step ?? 0
    // One event of the simulator may take several steps.
    expect([await moment(step - 20), (await moment(step)) ?? 0]).toEqual([
      0,
      expect.toSatisfy((at) => at >= 1),
    ])
  })
})

test('an attack: the acts of its traitor are marked, up to its conviction', () => {
  const attack = EVERY_ATTACK.get('equivocate')
  if (attack === undefined || !runsInSimulator(attack)) throw new Error('equivocate is gone')
  const recording = new RunRecording(
    {},
    { n: 4, isTraitor: (id) => id === 0, fromMs: 300, begins: 'nothing', beginsAt: () => null },
  )
  const { result } = attackInSimulator(attack, { n: 4, seed: 1, lastsMs: 100, ...recording.hooks })
  const explained = recording.explained(result)
  const { part } = explained
  expect([part.begins, part.ends]).toEqual(['the first act', 'the conviction of replica 0'])
  expect(part.entries[0]).toMatchObject({ replica: 0, isTraitor: true })
  expect(part.entries[0]?.acts).toBeGreaterThan(0)
  const facts = { title: 'T', auth: 'signed', traitors: [0], replay: 'strategos explain equivocate' } as const
  const text = explanationText({ ...facts, ...explained }, 80)
  expect(widest(text)).toBeLessThanOrEqual(80)
  expect(text).toMatch(/^ {3}\d{3} {4}\d{3}\.\d ! replica 0 \(traitor\) /m)
  expect(oneLine(text)).toMatch(
    /CONVICTS replica 0: it holds two PRE-PREPAREs that contradict each other; .*\(rule 1\.5\)/,
  )
})

test('an algorithm is drawn as classics draws it', async () => {
  const [explained, drawn] = [
    await runHere(['explain', 'phase-king']),
    await runHere(['classics', 'phase-king']),
  ]
  expect(explained).toEqual(drawn)
  expect(explained.code).toBe(0)
})

test.each([
  [['equivocat'], 'There is no seed, attack or algorithm "equivocat": did you mean equivocate?'],
  [['phase-kin'], 'phase-king'],
  [['xxxxxxxxxxxxxxxxxxxxx'], '"strategos attack list" and "strategos classics" name them'],
  [['phase-king', '--replica', '1'], 'takes no --replica'],
  [['3', '--replicas', '4', '--replica', '4'], 'There is no replica 4 among 4'],
  [['equivocate', '--auth', 'oral', '--replica', '7'], 'There is no replica 7 among 4'],
  [['3', '--from', '9', '--to', '8'], '--from is after --to'],
  [['3', '--from', 'x'], 'Expected a whole number'],
])('%j is refused in a sentence', async (args, saying) => {
  expectSentence(await runHere(['explain', ...args]), saying)
})

describe('the decisive part', () => {
  const entry = (step: number): ExplainedEntry => ({
    ...{
      step,
      steps: step,
      atMs: step,
      replica: 1 as ReplicaId,
      isTraitor: false,
      acts: 0,
      times: 1,
      effects: [],
    },
    event: { text: `step ${step}`, rule: null },
  })
  const options = { n: 4, isTraitor: () => false, fromMs: 10, begins: 'the beginning', beginsAt: () => null }

  test('is bounded: the first and the last entries stay, and the number between is known', () => {
    const decisive = new DecisivePart(options)
    for (let step = 1; step <= 1000; step++) decisive.add(entry(step))
    const { entries, gap, begins } = decisive.part(false)
    expect([begins, entries[0]?.step, entries.at(-1)?.step]).toEqual(['the beginning', 10, 1000])
    expect(entries.length).toBeLessThanOrEqual(100)
    expect(entries.length + (gap?.count ?? 0)).toBe(991)
    expect((entries[gap === null ? 0 : gap.after + 1]?.step ?? 0) > 900).toBe(true)
  })

  test('begins anew at the first act', () => {
    const decisive = new DecisivePart(options)
    for (let step = 1; step <= 50; step++) decisive.add(entry(step))
    decisive.act(entry(50))
    for (let step = 51; step <= 60; step++) decisive.add(entry(step))
    const { entries, gap, begins } = decisive.part(false)
    expect([begins, entries[0]?.step, entries.length, gap]).toEqual(['the first act', 50, 11, null])
  })
})

test('equal refusals in a row are one entry', () => {
  const entries: ExplainedEntry[] = []
  const explainer = new Explainer({
    n: 4,
    isTraitor: (id) => id === 3,
    onEntry: (each) => entries.push(each),
  })
  const from = { kind: 'replica', id: 3 as ReplicaId } as const
  for (const id of [1, 1, 1, 2]) explainer.onRejected(id as ReplicaId, { from, reason: 'bad-signature' }, 5)
  expect(entries.map(entryText)).toEqual([
    '     -      5.0   replica 1 REFUSES a message from replica 3 (traitor): bad-signature, 3 times.',
    '     -      5.0   replica 2 REFUSES a message from replica 3 (traitor): bad-signature.',
  ])
})

test('a replica leaves at a tick for its timer, for complaints, or because the primary has left', () => {
  const step = (event: object, effects: readonly object[] = []): TracedStep =>
    ({ atMs: 0, replica: 1, event, effects }) as unknown as TracedStep
  const received = (message: object): TracedStep => step({ kind: 'received', message })
  const complains = (sender: number): TracedStep =>
    received({ kind: 'status', sender, view: 0, complaint: 'slow' })
  const id = 1 as ReplicaId
  const grounds = new LeavingGrounds(4)
  expect(grounds.of(id)).toBe('timer')
  grounds.note(complains(2))
  expect(grounds.of(id)).toBe('timer')
  grounds.note(complains(3))
  expect(grounds.of(id)).toBe('complaint')
  grounds.note(
    step({ kind: 'ticked' }, [{ kind: 'persist', record: { kind: 'view-change', content: { view: 1 } } }]),
  )
  expect(grounds.of(id)).toBe('timer')
  const unsynced = new LeavingGrounds(4)
  unsynced.note(received({ kind: 'view-change', sender: 0, view: 1 }))
  expect(unsynced.of(id)).toBe('timer')
  unsynced.note(step({ kind: 'ticked' }, [{ kind: 'persist', record: { kind: 'vote-limit' } }]))
  expect(unsynced.of(id)).toBe('primary')
})
