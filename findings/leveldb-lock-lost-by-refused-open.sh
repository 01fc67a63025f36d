#!/usr/bin/env bash
# classic-level 3.0.0 (LevelDB 1.20): a process loses the lock of its open database when it opens the same directory a
# second time and is refused, or reads or copies the file LOCK. LevelDB locks with fcntl, and such a lock belongs to the
# process: it is gone when any descriptor of the file is closed. Another process can then open the database, too.
# Nothing but an own temporary folder is touched. Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts classic-level@3.0.0 >/dev/null
cat >other.mjs <<'JS'
import { ClassicLevel } from 'classic-level'
const db = new ClassicLevel(process.argv[2])
await db.open().then(() => console.log('opened'), (error) => console.log(error.cause.code))
JS
cat >holder.mjs <<'JS'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { ClassicLevel } from 'classic-level'
const other = (path) => spawnSync(process.execPath, ['other.mjs', path], { encoding: 'utf8' }).stdout.trim()
console.log(`classic-level ${JSON.parse(readFileSync('node_modules/classic-level/package.json')).version}, Node ${process.version}, ${process.platform}`)
const cases = {
  'nothing else': () => {},
  'a second open in this process, refused': (path) =>
    new ClassicLevel(path).open().then(() => 'opened', (error) => error.cause.code),
  'this process reads LOCK': (path) => void readFileSync(`${path}/LOCK`),
  'this process copies the directory': (path) => cpSync(path, `${path}.copy`, { recursive: true }),
}
const expected = ['LEVEL_LOCKED', 'opened', 'opened', 'opened']
const found = []
for (const [index, [name, act]] of Object.entries(cases).entries()) {
  const path = `db-${index}`
  const db = new ClassicLevel(path)
  await db.open()
  await db.put('a', '1')
  const answer = await act(path)
  found.push(other(path))
  console.log(`open, then ${name}${answer ? ` (${answer})` : ''}: another process gets ${found.at(-1)}`)
  await db.close()
}
process.exit(JSON.stringify(found) === JSON.stringify(expected) ? 0 : 1)
JS
node holder.mjs
