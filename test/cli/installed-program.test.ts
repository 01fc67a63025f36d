/** The program as a package installs it: executable, with the version of the package, and light where nothing is run. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../kit/built-program.ts'
import { loadedBy } from '../kit/loaded-modules.ts'
import { runHere } from './command-kit.ts'

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly bin: { readonly strategos: string }
  readonly files: readonly string[]
}
const MAIN = join(ROOT, manifest.bin.strategos)

/** Everything that is loaded before anything runs: files by their path, packages by their name. */
function loadedFrom(path: string, loaded = new Set<string>()): ReadonlySet<string> {
  loaded.add(path)
  for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(
    /^(?:import|export)\b[^;]*?from ['"]([^'"]+)['"]/gm,
  )) {
    const target = specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier
    if (loaded.has(target)) continue
    if (specifier.startsWith('.')) loadedFrom(target, loaded)
    else loaded.add(target)
  }
  return loaded
}

test('the build makes the command executable, and the package holds it', () => {
  expect(statSync(MAIN).mode & 0o111).toBe(0o111)
  expect(readFileSync(MAIN, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  expect(manifest.files).toContain(dirname(dirname(dirname(manifest.bin.strategos))))
})

test('it prints the version of the package', async () => {
  for (const flag of ['--version', '-V']) {
    expect(await runHere([flag])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
  }
})

const packagesIn = (loaded: Iterable<string>) =>
  [...loaded].filter((each) => !each.startsWith('/') && !each.startsWith('node:'))

test('a declaration loads no program', () => {
  const cli = dirname(MAIN)
  const declarations = ['attack', 'bench', 'check', 'cluster', 'costs', 'simulate', 'store', 'verify']
  const help = new Set([
    ...loadedFrom(join(cli, 'program.js'), new Set(loadedFrom(MAIN))),
    ...declarations.flatMap((name) => [...loadedFrom(join(cli, 'commands', `${name}.js`))]),
  ])
  expect(packagesIn(help)).toEqual(['commander'])
  expect(
    [...help].filter((path) => /\/(runtime|simulator|pbft|crypto|gateway\/server)\b/.test(path)),
  ).toEqual([])
  expect(help.size).toBeLessThan(50)
})

/** An address without a listener: a command that calls it has by then loaded everything that a call needs. */
const NOBODY = ['--url', 'http://127.0.0.1:1']

describe('what a run loads', () => {
  test('the version: a handful of files, and no package', () => {
    const { files, packages } = loadedBy(['--version'])
    expect(packages).toEqual([])
    expect(files).toEqual([
      'clients/bench/benchmark-failed.js',
      'clients/cli/command-line.js',
      'clients/cli/main.js',
      'clients/cli/process-end.js',
      'clients/cli/terminal.js',
      'clients/cli/version.js',
      'src/base/operator-error.js',
      'src/io/system-error.js',
    ])
  })

  test.each([
    ['get', ['get', 'a', ...NOBODY], 'clients/cli/key-commands.js', 36],
    ['put', ['put', 'a', 'b', ...NOBODY], 'clients/cli/key-commands.js', 36],
    ['del', ['del', 'a', ...NOBODY], 'clients/cli/key-commands.js', 36],
    ['list', ['list', ...NOBODY], 'clients/cli/list-command.js', 36],
    ['status', ['status', ...NOBODY], 'clients/cli/status-command.js', 30],
  ])('%s: its own file and few others, and no package but commander', (_name, words, own, most) => {
    const { files, packages } = loadedBy(words)
    expect(packages).toEqual(['commander'])
    expect(files).toContain(own)
    expect(files.filter((file) => /-commands?\.js$/.test(file))).toEqual([own])
    expect(files.filter((file) => /\/(bench|simulator|pbft|runtime|crypto|attacks)\//.test(file))).toEqual([
      'clients/bench/benchmark-failed.js',
    ])
    expect(files.length).toBeLessThanOrEqual(most)
  })
})
