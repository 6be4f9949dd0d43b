/**
 * Finds personal data and secrets in texts and takes them out, in time linear in the text, without
 * any of it leaving the process (platform specification, 2.12).
 */
@NullMarked
package io.hadal.platform.redaction;

import org.jspecify.annotations.NullMarked;
