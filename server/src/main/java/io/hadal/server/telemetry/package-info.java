/**
 * Traces of requests by OpenTelemetry (platform specification, 2.14): durations, counts and names,
 * never content.
 */
@NullMarked
package io.hadal.server.telemetry;

import org.jspecify.annotations.NullMarked;
