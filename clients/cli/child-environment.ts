/** The environment of a command that this process runs for its user. */

/** Returns this process's environment with some variables more. */
export const environmentWith = (more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...more,
})
