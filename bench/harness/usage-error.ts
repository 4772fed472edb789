/** A wrong flag, or one that cannot be fulfilled: exit code 2. */
export class UsageError extends Error {}
