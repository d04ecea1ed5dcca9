/**
 * What `npm run test:live` tells the suites. A service that is not there fails the run; nothing is
 * skipped.
 */
export function liveVariable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is missing: run these suites with npm run test:live.`);
  return value;
}
