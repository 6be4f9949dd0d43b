package io.hadal.platform.limits;

/**
 * What a limit leaves to a subject.
 *
 * @param subject whom it is for, where the limit is for each one
 * @param left requests or tokens; negative when overdrawn
 * @param resetMillis until all may come again
 * @param blocks whether the request that was asked for would be refused
 */
public record LimitCheck(
    Limit limit, String subject, long left, long resetMillis, boolean blocks) {}
