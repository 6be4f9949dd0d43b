package io.hadal.formats.prompt;

/**
 * How a dialect's encoder reads messages.
 *
 * @param developerRole whether the developer role exists and counts as a user turn
 * @param countUserTools whether tools carried by user messages keep old reasoning; V4 loses them
 *     while merging turns
 * @param blocksReplaceText whether block content goes before plain content and is reduced to text
 *     and images in tool messages
 * @param namespaces whether tool names may carry a {@code namespace::} prefix
 * @param anyArguments whether arguments that are no object are passed on as text instead of being
 *     refused, and doubly encoded ones are decoded
 */
record MessageRules(
    boolean developerRole,
    boolean countUserTools,
    boolean blocksReplaceText,
    boolean namespaces,
    boolean anyArguments) {
  static final MessageRules V4 = new MessageRules(true, false, false, false, false);
  static final MessageRules V4_1 = new MessageRules(false, true, true, true, true);
}
