import type { Account, AuthDetail, ConnectorDetail, Problem, SignInView } from '../../../bindings/wire';
import { BASE_URL, type Settings } from '../settings';

/** What a sign-in shows. Each is a screen of its own, with a way forward. */
export type Phase =
  | 'ready'
  | 'beginning'
  | 'waiting'
  | 'not_opened'
  | 'device'
  | 'checking'
  | 'approving'
  | 'done'
  | 'fewer'
  | 'other_account'
  | 'failed';

/** What the person has said yes to. */
export interface Accepted {
  /** Fewer permissions than were asked for. */
  fewer: boolean;
  /** Another account than the connection's. */
  account: boolean;
}

/** Nothing yet. */
export const NOTHING: Accepted = { fewer: false, account: false };

/** What is known of a sign-in. */
export interface Facts {
  /** The engine is being asked to begin. */
  asking: boolean;
  /** What the engine said last. */
  view: SignInView | undefined;
  /** It could not be begun, or its end was not of use. */
  problem: Problem | undefined;
  /** A browser shows the page. */
  opened: boolean;
  /** Whose connection it is, where one signs in again. */
  owner: Account | null | undefined;
  accepted: Accepted;
}

/** From facts to what is shown. */
export function phaseOf({ asking, view, problem, opened, owner, accepted }: Facts): Phase {
  if (asking) return 'beginning';
  const why = problem ?? view?.problem ?? undefined;
  if (why?.code === 'CANCELLED') return 'ready';
  if (why && owner && why.code === 'CONFLICT' && !accepted.account) return 'other_account';
  if (why) return 'failed';
  if (!view) return 'ready';
  if (view.stage === 'checking' || view.stage === 'approving') return view.stage;
  if (view.stage === 'done') {
    if (owner && view.account && owner.id !== view.account.id && !accepted.account) return 'other_account';
    return view.missing.length > 0 && !accepted.fewer ? 'fewer' : 'done';
  }
  if (view.userCode) return 'device';
  return opened ? 'waiting' : 'not_opened';
}

/** Phases in which somebody is waited for, and nothing new may be begun. */
export const isUnderWay = (phase: Phase): boolean => ['beginning', 'waiting', 'not_opened', 'device', 'checking', 'approving'].includes(phase);

/** When more time is offered, in seconds. */
const NEARLY_OUT = 60;

/** Whether little time is left. The time of a device's code is the service's own. */
export const isNearlyOut = (view: SignInView, left: number): boolean => view.stage === 'waiting' && !view.userCode && left <= NEARLY_OUT;

/** How many seconds are left now, of what was left when the engine was asked; times in milliseconds. */
export const secondsLeft = (atReading: number, readAt: number, now: number): number => Math.max(0, Math.round(atReading - Math.max(0, now - readAt) / 1_000));

/** "4:05". */
export const clockText = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

/** Whether a failed sign-in has a button of its own: everything else is begun again. */
export const isMendable = (problem: Problem): boolean =>
  problem.fix?.action === 'allow_target' || problem.fix?.action === 'network_settings' || (problem.subject?.kind === 'field' && problem.subject.name !== 'signIn');

/** Whether a way to sign in gives tokens, and is begun and waited for; keys are entered. */
export const givesTokens = (method: AuthDetail | undefined): boolean => method !== undefined && (method.oauth !== null || method.method === 'session');

/** How a way to sign in goes: in the browser, with a code for another device, or at once. */
export function wayOf(method: AuthDetail): 'browser' | 'device' | 'at_once' {
  if (method.oauth?.grant === 'authorization_code') return 'browser';
  return method.oauth?.grant === 'device_code' ? 'device' : 'at_once';
}

/** The way that is the least work: signing in on the tool's own page where nothing is registered first. */
export const simplest = (detail: ConnectorDetail): AuthDetail | undefined =>
  detail.auth.find((method) => method.oauth && !method.oauth.registers && wayOf(method) === 'browser') ?? detail.auth[0];

/** The host of the page that opens, as far as the settings tell it. */
export function pageHost(method: AuthDetail, settings: Settings, baseUrl: string): URL | undefined {
  const page = method.oauth?.page ?? '{{config.baseUrl}}';
  const filled = page.replace(/\{\{\s*config\.(\w+)\s*\}\}/g, (hole, key: string) => (key === BASE_URL ? baseUrl : (settings[key] ?? '')).trim() || hole);
  try {
    const url = new URL(filled);
    return url.host && !filled.includes('{{') ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a page is on this computer, and needs no network. */
export const isHere = (url: URL | undefined): boolean => url !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
