import { plain } from '../../lib/plain';
import type { Command } from './command';

/** Words that mean the same here: who types one finds the others. */
const SYNONYMS = [
  ['login', 'signin', 'authenticate', 'sign in', 'reconnect'],
  ['run', 'start', 'execute', 'launch'],
  ['test', 'check', 'verify', 'ping'],
  ['settings', 'preferences', 'options', 'configuration'],
  ['theme', 'appearance', 'colour', 'color', 'dark', 'light', 'night'],
  ['connector', 'integration', 'app', 'tool', 'service'],
  ['connect', 'add', 'integrate', 'set up'],
  ['chain', 'workflow', 'automation', 'flow', 'scenario', 'zap'],
  ['new', 'create', 'make', 'build', 'add'],
  ['inbox', 'signals', 'messages', 'feed'],
  ['key', 'token', 'secret', 'password', 'credential'],
  ['export', 'backup', 'save', 'download'],
  ['import', 'restore', 'load', 'upload'],
  ['help', 'shortcuts', 'keyboard', 'keys'],
  ['sync', 'poll', 'refresh', 'fetch', 'read'],
  ['pause', 'stop', 'disable', 'off', 'switch off'],
  ['resume', 'continue', 'enable', 'switch on'],
  ['runs', 'history', 'executions', 'log'],
  ['health', 'status', 'monitoring', 'dashboard', 'uptime'],
  ['delete', 'remove', 'erase', 'disconnect'],
  ['about', 'version', 'licence', 'license'],
  ['diagnostics', 'support', 'debug', 'report a problem'],
  ['proxy', 'network', 'certificate', 'firewall'],
  ['workspace', 'space', 'profile', 'account'],
];

const MEANING = new Map<string, string[]>();
for (const same of SYNONYMS) for (const word of same) MEANING.set(word, [...(MEANING.get(word) ?? []), ...same.filter((other) => other !== word)]);

/** A command with what is looked at in it. */
export interface Findable {
  command: Command;
  label: string;
  also: string;
}

/** Done once for many searches. */
export const findable = (commands: Command[]): Findable[] =>
  commands.map((command) => ({ command, label: plain(command.label), also: plain(command.also ?? '') }));

/** Points of one word: how well it fits; none where it does not. */
function points(word: string, entry: Findable): number {
  if (beginsWord(word, entry.label)) return 10;
  if (entry.label.includes(word)) return 6;
  if (beginsWord(word, entry.also)) return 5;
  // "login" means "sign in"; half of such a word is enough of it.
  for (const [known, others] of MEANING) {
    if (word.length < 3 || !known.startsWith(word)) continue;
    if (others.some((other) => beginsWord(other, entry.label) || beginsWord(other, entry.also))) return 4;
  }
  return word.length > 1 && closeTogether(word, entry.label) ? 1 : 0;
}

/** The commands that fit every word, best first; those that cannot be done now come after equals. */
export function search(entries: Findable[], text: string, most = 60): Command[] {
  const words = plain(text).split(/\s+/).filter(Boolean);
  const found: { command: Command; points: number; at: number }[] = [];
  for (const [at, entry] of entries.entries()) {
    let sum = 0;
    for (const word of words) {
      const own = points(word, entry);
      if (own === 0) {
        sum = 0;
        break;
      }
      sum += own;
    }
    if (sum === 0) continue;
    if (entry.label.startsWith(words.join(' '))) sum += 8;
    if (entry.command.why !== undefined) sum -= 0.5;
    found.push({ command: entry.command, points: sum, at });
  }
  return found.sort((a, b) => b.points - a.points || a.at - b.at).slice(0, most).map(({ command }) => command);
}

function beginsWord(word: string, text: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '')) return true;
  }
  return false;
}

/** Letters in order with little between them: "ghi" is in "github issues", not in everything long. */
function closeTogether(letters: string, text: string): boolean {
  let from = 0;
  let begin = -1;
  for (const letter of letters) {
    const at = text.indexOf(letter, from);
    if (at < 0) return false;
    if (begin < 0) begin = at;
    from = at + 1;
  }
  return from - begin <= letters.length * 4;
}
