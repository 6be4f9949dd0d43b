/**
 * Redaction in the path of requests, for all dialects: texts of requests on their way to models,
 * and of answers on their way back (platform specification, 2.12).
 */
@NullMarked
package io.hadal.server.redaction;

import org.jspecify.annotations.NullMarked;
