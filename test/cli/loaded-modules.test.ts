/** A short command loads what it uses and no more: nothing of a server, of the protocol or of the simulator. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url)
const PROGRAM = fileURLToPath(new URL('dist/clients/cli/main.js', ROOT))
/** Nothing listens on port 9 of loopback; the command ends with one sentence. */
const NOWHERE = ['--url', 'http://127.0.0.1:9']

const HOOKS = `import { writeSync } from 'node:fs'
export async function load(url, context, next) { writeSync(2, 'loaded ' + url + '\\n'); return next(url, context) }`
const asModule = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`
const REGISTER = asModule(
  `import { register } from 'node:module'; register(${JSON.stringify(asModule(HOOKS))})`,
)

/** Returns the modules that a command loads, relative to the project; those of Node.js are left out. */
async function modulesOf(...args: readonly string[]): Promise<readonly string[]> {
  const run = promisify(execFile)(process.execPath, ['--import', REGISTER, PROGRAM, ...args])
  const { stderr } = await run.catch((failed: { readonly stderr: string }) => failed)
  const urls = [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url]) => url as string)
  return urls.filter((url) => url.startsWith(ROOT.href)).map((url) => url.slice(ROOT.href.length))
}

const packagesIn = (modules: readonly string[]): readonly string[] => [
  ...new Set(modules.flatMap((path) => /node_modules\/([^/]+)/.exec(path)?.[1] ?? [])),
]
const SERVER =
  /^dist\/(attacks\/(catalogue|language)|replicas\/(?!defaults)|src\/(pbft|runtime|session|simulator|crypto|tree|classics)\/|clients\/(gateway\/(?!defaults)|library\/(?!answer-reader)|etcd))/

test('the version loads no package and a handful of files', async () => {
  const modules = await modulesOf('--version')
  expect(modules).toContain('dist/clients/cli/version.js')
  expect(packagesIn(modules)).toEqual([])
  expect(modules.length).toBeLessThanOrEqual(10)
})

test.each([
  ['the help', 60, ['--help']],
  ['a get', 50, ['get', 'a', ...NOWHERE]],
  ['a put', 50, ['put', 'a', 'b', ...NOWHERE]],
])('%s loads at most %i files, commander only, and nothing of a server', async (_, most, args) => {
  const modules = await modulesOf(...args)
  expect(modules).toContain('dist/clients/cli/commands/store.js')
  expect(packagesIn(modules)).toEqual(['commander'])
  expect(modules.filter((path) => SERVER.test(path))).toEqual([])
  expect(modules.length).toBeLessThanOrEqual(most)
})
