/** The units of systemd hold, and a process that systemd started says when it is ready. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { notifyStopping, notifySystemd } from '../../clients/cli/readiness.ts'
import { ROOT } from '../kit/built-program.ts'
import { PATIENCE_MS } from '../kit/patience.ts'
import { runHere, Scratch } from './command-kit.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())

const UNITS = join(ROOT, 'replicas/deploy')
const units = readdirSync(UNITS).filter((name) => name.endsWith('.service'))
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

describe.each(units)('%s', (name) => {
  const text = readFileSync(join(UNITS, name), 'utf8')

  test.skipIf(!hasSystemd)('systemd has nothing to say against it', () => {
    const copy = scratch.path(name)
    // Systemd wants the program to be there.
    writeFileSync(copy, text.replace('/usr/bin/strategos', process.execPath))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  test('its command line takes these options', async () => {
    const [command = '', ...options] =
      /^ExecStart=\/usr\/bin\/strategos (.*)$/m.exec(text)?.[1]?.split(' ') ?? []
    const help = await runHere([command, '--help'])
    const flags = options.filter((word) => word.startsWith('--'))
    expect(flags.length).toBeGreaterThan(1)
    for (const flag of flags) expect(help.stdout).toContain(`${flag} <`)
  })
})

test('a process that systemd waits for reports that it is ready and that it stops, and another one does not', async () => {
  const folder = scratch.path('bin')
  mkdirSync(folder)
  const said = scratch.path('said')
  const fake = join(folder, 'systemd-notify')
  writeFileSync(fake, `#!/bin/sh\necho "$@" >> ${said}\n`)
  chmodSync(fake, 0o755)
  execFileSync(fake, ['before'])
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`)
  notifySystemd()
  vi.stubEnv('NOTIFY_SOCKET', scratch.path('socket'))
  notifySystemd()
  const text = () => readFileSync(said, 'utf8')
  await expect.poll(text, { timeout: PATIENCE_MS }).toBe('before\nREADY=1\n')
  notifyStopping()
  vi.unstubAllEnvs()
  await expect.poll(text, { timeout: PATIENCE_MS }).toBe('before\nREADY=1\nSTOPPING=1\n')
  expect(existsSync(scratch.path('socket'))).toBe(false)
})
