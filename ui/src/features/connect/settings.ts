import type { AuthDetail, ConfigField, ConnectorDetail, CredentialField, JsonValue } from '../../bindings/wire';
import { t, type WordKey } from '../../lib/words';

/** Settings as forms hold them: text by key; lists have one value a line. */
export type Settings = Record<string, string>;

/** What is wrong, by the field's key. */
export type Mistakes = Record<string, string>;

/** The setting that points a connector elsewhere. */
export const BASE_URL = 'baseUrl';

/** A stored value as a form shows it. */
export function asText(value: JsonValue | null | undefined): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(asText).join('\n');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What the form begins with: each setting's default. */
export const defaultsOf = (fields: ConfigField[]): Settings =>
  Object.fromEntries(fields.map((field) => [field.key, asText(field.default) || (field.type === 'bool' ? 'false' : '')]));

/** A form's text as the value that it stands for, as far as comparing goes. */
const same = (field: ConfigField, text: string, value: JsonValue): boolean => (field.type === 'number' ? Number(text) === value : text.trim() === asText(value));

/** The settings that are asked for, given what the others are. One depends only on those before it. */
export function asked(fields: ConfigField[], settings: Settings): ConfigField[] {
  const shown: ConfigField[] = [];
  const holds = (field: ConfigField): boolean => {
    const when = field.visibleWhen;
    if (!when) return true;
    const other = fields.find((one) => one.key === when.field);
    if (!other || !holds(other)) return false;
    return same(other, settings[other.key] || asText(other.default), when.equals);
  };
  for (const field of fields) if (!field.hidden && holds(field)) shown.push(field);
  return shown;
}

/** What was entered, without what stands around it anyway: people paste whole addresses. */
export function bare(field: ConfigField, text: string): string {
  const { prefix, suffix } = field;
  let value = text.trim();
  if (prefix && value.startsWith(prefix)) value = value.slice(prefix.length);
  if (suffix && value.endsWith(`${suffix}/`)) value = value.slice(0, -1);
  return suffix && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value;
}

/** What a request carries: settings that were given. */
export const given = (settings: Settings): Settings =>
  Object.fromEntries(Object.entries(settings).flatMap(([key, value]) => (value.trim() ? [[key, value.trim()]] : [])));

/** Whether the address itself needs the setting, or one that decides about such; it is asked with the sign-in then. */
export const partOfAddress = (detail: ConnectorDetail, field: ConfigField): boolean =>
  new RegExp(`\\{\\{\\s*config\\.${field.key}\\b`).test(detail.baseUrl) ||
  detail.settings.some((other) => other.visibleWhen?.field === field.key && partOfAddress(detail, other));

/** The connector's address where it needs no setting. */
export const plainAddress = (detail: ConnectorDetail): string => (detail.baseUrl.includes('{{') ? '' : detail.baseUrl);

/** Whether the connector has an address that can be moved; one that is part of the program has none. */
export const hasAddress = (detail: ConnectorDetail): boolean => detail.baseUrl !== '';

/** Whether it calls services at all: at its address, or where its settings allow. */
export const reachesServices = (detail: ConnectorDetail): boolean => hasAddress(detail) || detail.settings.some((field) => field.key === 'origins');

/** Whether the whole value has the form. An expression that JavaScript does not know lets everything through: the engine checks again. */
function fits(pattern: string, value: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(value);
  } catch {
    return true;
  }
}

/** Why a setting cannot stay like this. */
export function settingMistake(field: ConfigField, text: string): string | undefined {
  const value = bare(field, text);
  if (!value) return field.required ? t('connect.needed') : undefined;
  if (field.type === 'number' && !Number.isFinite(Number(value))) return t('connect.notNumber');
  if (field.type === 'url' && !isAddress(value)) return t('connect.notUrl');
  if (field.type === 'date' && !/^\d{4}-\d{2}-\d{2}$/.test(value)) return t('connect.notDate');
  if (field.pattern && !fits(field.pattern, value))
    return field.example ? t('connect.formWrongExample', { example: field.example }) : t('connect.formWrong');
  return undefined;
}

/** What looks unusual in a credential; vendors change their formats, so it only warns. */
export function credentialDoubt(field: CredentialField, value: string): string | undefined {
  if (!value || !field.pattern || fits(field.pattern, value)) return undefined;
  return field.placeholder ? t('connect.looksOther', { placeholder: field.placeholder }) : t('connect.looksOtherPlain');
}

/** Whether a key may be sent there: https, or http on this computer. */
export function isAddress(text: string): boolean {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || (url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname));
  } catch {
    return false;
  }
}

const METHODS: Record<string, WordKey> = {
  api_key: 'connect.method.api_key',
  pat: 'connect.method.pat',
  basic: 'connect.method.basic',
  oauth2: 'connect.method.oauth2',
  session: 'connect.method.session',
  sigv4: 'connect.method.sigv4',
  none: 'connect.method.none',
};

/** What people call a way to sign in. */
export const methodName = (method: string | undefined): string => t(METHODS[method ?? 'none'] ?? 'connect.method.other');

/** The chosen way to sign in; the recommended one where none is. */
export const methodOf = (detail: ConnectorDetail, id: string | null | undefined): AuthDetail | undefined =>
  detail.auth.find((method) => method.id === id) ?? detail.auth[0];

/** A name that no connection has yet. */
export function freeName(wanted: string, taken: string[]): string {
  const names = new Set(taken);
  let name = wanted;
  for (let n = 2; names.has(name); n += 1) name = `${wanted} ${n}`;
  return name;
}
