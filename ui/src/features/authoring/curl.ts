import type { ExplainedRequest } from '../../bindings/wire';

const MASK = '•••';
/** What stands where a secret belongs. */
export const PLACEHOLDER = 'YOUR_SECRET';

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The request as a command for a shell, with a placeholder for every secret. */
export function curl(request: ExplainedRequest): string {
  const open = (text: string) => text.replaceAll(MASK, PLACEHOLDER);
  const parts = [`curl ${quote(open(request.url))}`];
  if (request.method !== 'GET') parts.push(`--request ${request.method}`);
  for (const { name, value } of request.headers) parts.push(`--header ${quote(`${name}: ${open(value)}`)}`);
  if (request.body) parts.push(`--data-raw ${quote(open(request.body))}`);
  return parts.join(' \\\n  ');
}
