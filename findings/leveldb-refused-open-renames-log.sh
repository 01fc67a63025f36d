#!/usr/bin/env bash
# classic-level 3.0.0 (LevelDB 1.20): an open that is refused, because another process has the database, still renames
# that one's LOG to LOG.old and makes a new LOG: LevelDB does so before it asks for the lock. The holder goes on writing
# to the renamed file. "The second is refused" therefore does not mean that it left the first one's files alone.
# Nothing but an own temporary folder is touched. Exits with 0 while this is so, with 1 when it changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts classic-level@3.0.0 >/dev/null
cat >other.mjs <<'JS'
import { ClassicLevel } from 'classic-level'
await new ClassicLevel('db').open().then(() => console.log('opened'), (error) => console.log(error.cause.code))
JS
cat >holder.mjs <<'JS'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { ClassicLevel } from 'classic-level'
console.log(`classic-level ${JSON.parse(readFileSync('node_modules/classic-level/package.json')).version}, Node ${process.version}, ${process.platform}`)
const db = new ClassicLevel('db')
await db.open()
const before = statSync('db/LOG').ino
console.log(`held: ${readdirSync('db').join(' ')}`)
const answer = spawnSync(process.execPath, ['other.mjs'], { encoding: 'utf8' }).stdout.trim()
console.log(`another process gets ${answer}: ${readdirSync('db').join(' ')}`)
const isRenamed = statSync('db/LOG.old').ino === before && statSync('db/LOG').ino !== before
console.log(`the holder's LOG is now LOG.old: ${isRenamed}`)
await db.close()
process.exit(answer === 'LEVEL_LOCKED' && isRenamed ? 0 : 1)
JS
node holder.mjs
