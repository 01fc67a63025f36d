#!/usr/bin/env node
/** The entry of the command line: handles what no command waits for, then loads the program and runs it. */
import { endOnBrokenPipe, fail } from './process-end.ts'

// What no command waits for, such as an error of a socket, ends the process like what it waits for.
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
endOnBrokenPipe()

// Loaded from here on, so that a system without files to open is reported like any other refusal.
const { runCommandLine } = await import('./command-line.ts')
const exitCode = await runCommandLine(process.argv.slice(2))
if (exitCode !== null) process.exit(exitCode)
