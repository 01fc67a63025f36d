/** The program as a package installs it: executable, with the version of the package, and light where nothing is run. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { filesFor } from '../../clients/cli/command-files.ts'
import { ROOT } from '../kit/built-program.ts'
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

test('it says the version of the package', async () => {
  for (const flag of ['--version', '-V']) {
    expect(await runHere([flag])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' })
  }
})

test('the version loads no declaration, and a declaration no program', () => {
  expect(filesFor(['--version'])).toEqual([])
  expect(filesFor(['up', '--version']).length).toBe(1)
  const cli = dirname(MAIN)
  const declarations = ['attack', 'bench', 'check', 'cluster', 'costs', 'simulate', 'verify'].map((name) =>
    join(cli, 'commands', `${name}.js`),
  )
  const version = loadedFrom(join(cli, 'program.js'), new Set(loadedFrom(MAIN)))
  const help = new Set([
    ...version,
    ...[...declarations, join(cli, 'store-commands.js')].flatMap((path) => [...loadedFrom(path)]),
  ])
  const packages = (loaded: ReadonlySet<string>) =>
    [...loaded].filter((each) => !each.startsWith('/') && !each.startsWith('node:'))
  expect(packages(version)).toEqual(['commander'])
  expect(packages(help)).toEqual(['commander'])
  expect(
    [...help].filter((path) => /\/(runtime|simulator|pbft|crypto|gateway\/server)\b/.test(path)),
  ).toEqual([])
  expect(version.size).toBeLessThan(20)
  expect(help.size).toBeLessThan(50)
})
