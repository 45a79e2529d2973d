import type { HealthReason, HealthRow, HealthRules } from '../../bindings/wire';
import { formatPercent } from '../../lib/format';
import { t } from '../../lib/words';
import { HEALTH } from '../../ui/states';

/** Why a connection is how it is, each reason with the rule that made it so; the rules as the user set them. */
export function whySo(row: Pick<HealthRow, 'health' | 'reasons' | 'paused'>, rules: HealthRules | undefined): string | undefined {
  if (row.paused) return undefined;
  if (!rules) return row.reasons.map((reason) => reason.text).join('; ') || undefined;
  if (row.reasons.length === 0) return t('health.ruleOnly', { rule: t('health.rule.healthy', { state: t(HEALTH[row.health].word) }) });
  return row.reasons.map((reason) => told(reason, rules)).join('\n');
}

function told(reason: HealthReason, rules: HealthRules): string {
  const rule = ruleOf(reason, rules);
  const text = reason.text.charAt(0).toUpperCase() + reason.text.slice(1);
  return rule ? t('health.rules', { text, rule }) : text;
}

/** A reason's rule; none where this page does not know it yet. */
function ruleOf({ kind, state: own }: HealthReason, rules: HealthRules): string | undefined {
  const state = t(HEALTH[own].word);
  const failed = (percent: number) => t('health.rule.failed', { state, percent: formatPercent(percent / 100), minutes: rules.windowMinutes });
  switch (kind) {
    case 'many_failed':
      return failed(rules.errorPercent);
    case 'some_failed':
      return failed(rules.degradedPercent);
    case 'checks_failed':
      return t('health.rule.checks_failed', { state, count: rules.failedChecks });
    case 'slow':
      return t('health.rule.slow', { state, factor: rules.slowFactor });
    case 'quiet':
      return t('health.rule.quiet', { state, factor: rules.quietIntervals });
    case 'sign_in_ended':
    case 'circuit_open':
    case 'half_open':
    case 'limited':
    case 'never_seen':
      return t(`health.rule.${kind}`, { state });
    default:
      return undefined;
  }
}
