// A chain that fails in the middle: two steps are done, then the chat is called.

/** A parameter that is always the same. */
export const fixed = (target, value) => ({ target, source: { type: 'fixed', value } });

/**
 * `wait`: seconds in which the chat can be taken down; `tries`: how often the chat is called. The pause before a try is
 * anywhere between nothing and 5 s, before the next 10 s: who wants to see one be said on the page needs both.
 */
export const fourSteps = ({ wait, tries }) => ({
  schema: 1,
  name: 'Four steps',
  steps: [
    { id: 'comment', connection: 'Sandbox Tracker', operation: 'add_comment', mapping: [fixed('/number', 1), fixed('/body', 'Seen')] },
    { id: 'close', connection: 'Sandbox Tracker', operation: 'close_issue', mapping: [fixed('/number', 1)] },
    { id: 'wait', logic: { type: 'wait', seconds: wait } },
    { id: 'tell', connection: 'Sandbox Chat', operation: 'send_message', mapping: [fixed('/text', 'Closed')], policy: { tries, backoffMs: 2_500 } },
  ],
});
