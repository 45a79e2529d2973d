import { describe, expect, it } from 'vitest';

import type { AuthDetail, ConnectorDetail, Problem, SignInView } from '../../../bindings/wire';
import { clockText, givesTokens, isHere, isMendable, isNearlyOut, isUnderWay, NOTHING, pageHost, phaseOf, secondsLeft, simplest, wayOf, type Facts, type Phase } from './phase';

const view = (more: Partial<SignInView> = {}): SignInView => ({
  id: 's-1', connector: 'tracker', stage: 'waiting', url: 'https://tracker.example/authorize', redirectUri: 'http://127.0.0.1:4000/callback', userCode: null, opened: true,
  secondsLeft: 300, notice: null, brought: [], account: null, asked: [], missing: [], beyond: [], choices: 0, problem: null, ...more,
});
const problem = (code: Problem['code'], more: Partial<Problem> = {}): Problem => ({ code, title: code, hint: '', ...more });
const AMIRA = { id: '1', label: 'amira' };
const NOOR = { id: '2', label: 'noor' };

const method = (more: Partial<AuthDetail>, oauth?: Partial<NonNullable<AuthDetail['oauth']>>): AuthDetail => ({
  id: 'm', method: oauth ? 'oauth2' : 'pat', label: 'M', fields: [], help: null, before: [],
  oauth: oauth ? { grant: 'authorization_code', registers: false, redirectUris: [], page: null, always: [], scopes: [], ...oauth } : null, ...more,
});

describe('a sign-in', () => {
  const cases: [string, Partial<Facts>, Phase][] = [
    ['is ready where nothing was begun', {}, 'ready'],
    ['is being begun', { asking: true, view: view({ stage: 'failed', problem: problem('SIGN_IN_DENIED') }) }, 'beginning'],
    ['waits for the browser', { view: view(), opened: true }, 'waiting'],
    ['shows its link where no browser opened', { view: view() }, 'not_opened'],
    ['shows its code, whether a page opened or not', { view: view({ userCode: 'BCDF-GHJK' }) }, 'device'],
    ['is checked once the person is back', { view: view({ stage: 'checking' }), opened: true }, 'checking'],
    ['asks whether it may go where it leads', { view: view({ stage: 'approving', brought: ['https://acme.example'] }), opened: true }, 'approving'],
    ['is done', { view: view({ stage: 'done' }) }, 'done'],
    ['asks about permissions that are missing', { view: view({ stage: 'done', missing: ['write'] }) }, 'fewer'],
    ['goes on without them', { view: view({ stage: 'done', missing: ['write'] }), accepted: { fewer: true, account: false } }, 'done'],
    ['asks about another account', { view: view({ stage: 'done', account: NOOR }), owner: AMIRA }, 'other_account'],
    ['asks about the account first', { view: view({ stage: 'done', account: NOOR, missing: ['write'] }), owner: AMIRA }, 'other_account'],
    ['and about permissions then', { view: view({ stage: 'done', account: NOOR, missing: ['write'] }), owner: AMIRA, accepted: { fewer: false, account: true } }, 'fewer'],
    ['takes the same account without a question', { view: view({ stage: 'done', account: AMIRA }), owner: AMIRA }, 'done'],
    ['takes any account for a new connection', { view: view({ stage: 'done', account: NOOR }) }, 'done'],
    ['takes one that nobody names; the engine looks again', { view: view({ stage: 'done' }), owner: AMIRA }, 'done'],
    ['asks where the engine finds another account', { view: view({ stage: 'done' }), owner: AMIRA, problem: problem('CONFLICT') }, 'other_account'],
    ['fails where a conflict is about something else', { view: view({ stage: 'done' }), problem: problem('CONFLICT') }, 'failed'],
    ['fails with the service', { view: view({ stage: 'failed', problem: problem('SIGN_IN_DENIED') }) }, 'failed'],
    ['fails before it began', { problem: problem('PORT_IN_USE') }, 'failed'],
    ['is ready again after it was cancelled', { view: view({ stage: 'failed', problem: problem('CANCELLED') }) }, 'ready'],
  ];
  it.each(cases)('%s', (_, facts, phase) => {
    expect(phaseOf({ asking: false, view: undefined, problem: undefined, opened: false, owner: undefined, accepted: NOTHING, ...facts })).toBe(phase);
  });

  it('offers a button to begin only where nobody is waited for', () => {
    const all: Phase[] = ['ready', 'beginning', 'waiting', 'not_opened', 'device', 'checking', 'approving', 'done', 'fewer', 'other_account', 'failed'];
    expect(all.filter((phase) => !isUnderWay(phase))).toEqual(['ready', 'done', 'fewer', 'other_account', 'failed']);
  });
});

describe('the countdown', () => {
  it('goes on between two readings and never below zero', () => {
    expect(secondsLeft(300, 10_000, 10_000)).toBe(300);
    expect(secondsLeft(300, 10_000, 65_000)).toBe(245);
    expect(secondsLeft(300, 10_000, 400_000)).toBe(0);
    expect(secondsLeft(300, 10_000, 9_000), 'a clock that was set back adds nothing').toBe(300);
  });

  it('reads as minutes and seconds', () => {
    expect([300, 245, 60, 9, 0].map(clockText)).toEqual(['5:00', '4:05', '1:00', '0:09', '0:00']);
  });

  it('offers more time in the last minute, where we are the ones who wait', () => {
    expect(isNearlyOut(view(), 61)).toBe(false);
    expect(isNearlyOut(view(), 60)).toBe(true);
    expect(isNearlyOut(view({ userCode: 'BCDF-GHJK' }), 5), "a code's time is the service's").toBe(false);
    expect(isNearlyOut(view({ stage: 'checking' }), 0)).toBe(false);
  });
});

describe('ways to sign in', () => {
  it('differ in what is waited for', () => {
    expect([method({}), method({ method: 'session' }), method({}, {})].map(givesTokens)).toEqual([false, true, true]);
    expect(givesTokens(undefined)).toBe(false);
    expect(wayOf(method({}, {}))).toBe('browser');
    expect(wayOf(method({}, { grant: 'device_code' }))).toBe('device');
    expect(wayOf(method({}, { grant: 'client_credentials' }))).toBe('at_once');
    expect(wayOf(method({ method: 'session' }))).toBe('at_once');
  });

  it('are recommended where nothing has to be registered, else in their order', () => {
    const detail = (...auth: AuthDetail[]) => ({ auth }) as unknown as ConnectorDetail;
    const [token, own, open, code] = [method({ id: 'token' }), method({ id: 'own' }, { registers: true }), method({ id: 'open' }, {}), method({ id: 'code' }, { grant: 'device_code' })];
    expect(simplest(detail(token, own, code, open))?.id).toBe('open');
    expect(simplest(detail(token, own, code))?.id).toBe('token');
    expect(simplest(detail())).toBeUndefined();
  });

  it('name the page that opens once the settings tell it', () => {
    const at = method({}, { page: 'https://{{ config.site }}.desk.example/oauth' });
    expect(pageHost(at, { site: 'acme' }, '')?.host).toBe('acme.desk.example');
    expect(pageHost(at, {}, '')).toBeUndefined();
    expect(pageHost(method({}, { page: '{{config.baseUrl}}/authorize' }), {}, 'http://127.0.0.1:4319/tracker')?.host).toBe('127.0.0.1:4319');
    expect(pageHost(method({}, { page: 'https://{{secret.x}}.example' }), {}, '')).toBeUndefined();
  });

  it('need no network on this computer', () => {
    expect(['http://localhost:1/', 'http://127.0.0.1/x', 'http://[::1]:5/'].map((url) => isHere(new URL(url)))).toEqual([true, true, true]);
    expect(['https://tracker.example', 'https://127.0.0.1.example', 'http://10.0.0.1'].map((url) => isHere(new URL(url)))).toEqual([false, false, false]);
    expect(isHere(undefined)).toBe(false);
  });

  it('have a button of their own only where something can be mended', () => {
    expect(isMendable(problem('TARGET_BLOCKED', { fix: { label: 'Allow', action: 'allow_target' } }))).toBe(true);
    expect(isMendable(problem('TLS_FAILURE', { fix: { label: 'Network settings', action: 'network_settings' } }))).toBe(true);
    expect(isMendable(problem('INPUT_INVALID', { subject: { kind: 'field', name: 'clientId' } }))).toBe(true);
    expect(isMendable(problem('SIGN_IN_INTERRUPTED', { subject: { kind: 'field', name: 'signIn' } }))).toBe(false);
    expect(isMendable(problem('SIGN_IN_DENIED', { fix: { label: 'Try again', action: 'reconnect' } }))).toBe(false);
  });
});
