package io.hadal.platform.reports;

import java.util.List;

/**
 * What a query found.
 *
 * @param rows the costliest first, or by time when the first dimension is one
 * @param total of all that the filter lets through
 * @param more whether there are rows beyond the limit
 * @param completeUntil everything that ended before is in it, milliseconds since 1970; 0 when no
 *     journal has said so
 */
public record UsageReport(List<UsageRow> rows, Measures total, boolean more, long completeUntil) {}
