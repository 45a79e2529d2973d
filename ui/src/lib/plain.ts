/** Letters without their marks, in lower case: how names are searched. */
export const plain = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
