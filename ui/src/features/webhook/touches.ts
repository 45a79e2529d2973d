/** What a webhook's change makes to be read again. */
export const TOUCHES = ['webhook_show', 'gateway_show'] as const;
