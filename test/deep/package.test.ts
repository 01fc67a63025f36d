/** The package as it is published: its shape, and a project that installs it and runs the first example of the library. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProcessKit } from '../integration/process-kit.ts'
import { ROOT } from '../kit/built-program.ts'
import { codeBlocks } from '../kit/documents.ts'

const directory = mkdtempSync(join(tmpdir(), 'strategos-package-'))
const processes = new ProcessKit()
let tarball = ''

beforeAll(() => {
  const run = (command: string, ...args: readonly string[]): string =>
    execFileSync(command, args, { cwd: ROOT, encoding: 'utf8' })
  run('npm', 'run', '--silent', 'types')
  const [packed] = JSON.parse(
    run('npm', 'pack', '--ignore-scripts', '--json', '--pack-destination', directory),
  ) as [{ filename: string }]
  tarball = join(directory, packed.filename)
})
afterAll(async () => {
  await processes.cleanUp()
  rmSync(directory, { recursive: true, force: true })
})

test('publint has no complaint', async () => {
  const bytes = readFileSync(tarball)
  const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
  const { messages } = await publint({ pack: { tarball: data as ArrayBuffer }, strict: true })
  expect(messages).toEqual([])
})

test('the types are those of ES modules, and every import finds them', async () => {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))))
  const problems = (analysis as { problems?: readonly { kind: string; resolutionKind?: string }[] }).problems
  // It is a package of ES modules: an older resolution and `require` are not for it.
  const relevant = problems?.filter(
    ({ kind, resolutionKind }) =>
      resolutionKind !== 'node10' && kind !== 'CJSResolvesToESM' && kind !== 'CJSOnlyExportsDefault',
  )
  expect(relevant).toEqual([])
})

/** An empty project with the package in it. Its dependencies are those of this checkout. */
function installed(): string {
  const project = mkdtempSync(join(directory, 'project-'))
  const target = join(project, 'node_modules', 'strategos')
  mkdirSync(target, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'])
  symlinkSync(join(ROOT, 'node_modules'), join(target, 'node_modules'))
  writeFileSync(join(project, 'package.json'), '{"name":"project","private":true,"type":"module"}')
  return project
}

const [example = ''] = codeBlocks(readFileSync(join(ROOT, 'clients/README.md'), 'utf8'), 'Library', 'js')

test('an empty project installs it and runs the first example, through a gateway and straight', async () => {
  const project = installed()
  const made = processes.directory()
  const cluster = await processes.up(made)
  const run = (file: string, code: string): string => {
    writeFileSync(join(project, file), code)
    return execFileSync(process.execPath, [file], { cwd: project, encoding: 'utf8' })
  }
  const through = example.replace('http://localhost:8080', cluster.gateway.url)
  expect(run('through.js', through)).toMatch(/^hello at revision \d+\n$/)
  const target = `{ directory: ${JSON.stringify(made)}, client: 'operator' }`
  expect(run('straight.js', example.replace("'http://localhost:8080'", target))).toMatch(
    /^hello at revision \d+\n$/,
  )
  expect(() => run('deep.js', "import 'strategos/dist/clients/library/store.js'")).toThrow(
    /ERR_PACKAGE_PATH_NOT_EXPORTED/,
  )
})

test('a program in TypeScript is checked against its types', () => {
  const project = installed()
  const options = { module: 'nodenext', target: 'es2023', strict: true, noEmit: true, skipLibCheck: true }
  const lib = ['es2023', 'esnext.disposable']
  symlinkSync(join(ROOT, 'node_modules', '@types'), join(project, 'node_modules', '@types'))
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, lib, types: ['node'] } }),
  )
  const check = (code: string): string => {
    writeFileSync(join(project, 'program.ts'), code)
    try {
      return execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.'], {
        cwd: project,
        encoding: 'utf8',
      })
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
  }
  const head =
    "import { connect, step } from 'strategos'\nconst store = await connect('http://localhost:8080')\n"
  expect(
    check(`${head}const done = await store.transaction({ success: [step.get('a'), step.put('a', '1')] })
if (done.succeeded) { const version: number = done.results[1].version; console.log(version, done.results[0]?.text) }
for await (const { changes } of store.watch('a')) console.log(changes[0]?.entry?.text)
await using lock = await store.lock('L')
`),
  ).toBe('')
  expect(check(`${head}const wrong: string = (await store.put('a', '1')).version\n`)).toContain('TS2322')
})
